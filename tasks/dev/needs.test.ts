import { chmodSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { programs } from '../tools/system-packages.ts'
import { neededWords, needsFrom } from './needs.ts'

const repository = join(import.meta.dirname, '../..')
const named = ({ programs }: ReturnType<typeof needsFrom>) => [...programs].map(({ name }) => name)

t.test('reads the needs from the first line of a test file', async (t) => {
  t.strictSame(neededWords('// needs: haproxy, .venv/moto\nimport\n'), ['haproxy', '.venv/moto'])
  t.strictSame(neededWords("import t from 'tap'\n// needs: haproxy\n"), [], 'no other line')
  t.strictSame(neededWords(''), [])
})

t.test('resolves the words to programs and environments', async (t) => {
  t.match(needsFrom([]), { programs: new Set(), environments: new Set(), nodes: false, machines: false })
  t.strictSame(named(needsFrom(['haproxy', 'ss'])), ['haproxy', 'ss'])
  t.match(needsFrom(['test/nodes']), { nodes: true, machines: false })
  t.ok(named(needsFrom(['machines'])).includes('qemu-system-x86_64'))
  t.ok(needsFrom(['machines']).machines)
  t.strictSame([...needsFrom(['.venv/moto', '.venv/mitogen']).environments], ['moto', 'mitogen'])
  t.strictSame(named(needsFrom(['.venv/moto'])), ['python3', 'ensurepip'], 'what makes an environment')
  for (const word of ['haprxy', '.venv/nothing', '.venv/', '']) t.throws(() => needsFrom([word]), /^needs "/, word)
})

t.test('every test file names known needs, and those of tasks/lib need only Node', async (t) => {
  const files = globSync('{app,benchmarks,checker,nginx,tasks,test}/**/*.test.ts', { cwd: repository })
  t.ok(files.length > 250)
  for (const file of files) {
    const words = neededWords(readFileSync(join(repository, file), 'utf8'))
    t.doesNotThrow(() => needsFrom(words), file)
    if (file.startsWith('tasks/lib/')) t.strictSame(words, [], file)
    t.equal(words.includes('machines'), /^test\/(machines|long)\//.test(file), file)
  }
})

t.test('a test file that starts an unnamed program fails and names it', async (t) => {
  const own = t.testdir({ ps: '#!/bin/sh\n' })
  const watch = new URL('./named-needs.ts', import.meta.url).href
  const starts = async (first: string, source: string) => {
    const file = join(own, 'x.ts')
    writeFileSync(file, `${first}\nimport { execFileSync, spawn, spawnSync } from 'node:child_process'\n${source}\n`)
    const { exitCode, stderr } = await execa(process.execPath, [`--import=${watch}`, file], { reject: false })
    return { exitCode, stderr }
  }
  for (const source of [`spawn('ps')`, `spawnSync('ps', [])`, `execFileSync('/bin/ps', [])`]) {
    t.match(await starts('', source), { exitCode: 1, stderr: /starts ps, which its first line does not name/ }, source)
    t.strictSame(await starts('// needs: ps', source), { exitCode: 0, stderr: '' }, source)
  }
  t.match(await starts('', `spawn('true')`), { exitCode: 0 }, 'every system has it')
  chmodSync(join(own, 'ps'), 0o755)
  t.match(
    await starts('', `spawn('ps', [], { env: { PATH: ${JSON.stringify(own)} } })`),
    { exitCode: 0 },
    'its own program',
  )
})

t.test('the development container has every program', async (t) => {
  const dockerfile = readFileSync(join(repository, '.devcontainer/Dockerfile'), 'utf8')
  const installed = new Set(/apt-get install ([\s\S]*?)&&/.exec(dockerfile)?.[1]?.match(/[a-z][\w.-]*/g))
  for (const program of programs) t.ok(installed.has(program.package), program.package)
})
