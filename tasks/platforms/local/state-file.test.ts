import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { readStateFile, writeStateFile } from './state-file.ts'

t.test('what is written is read', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'group.json')
  t.equal(readStateFile(file), undefined)
  await writeStateFile(file, { size: 1 })
  t.strictSame(readStateFile(file), { value: { size: 1 }, damaged: false })
  await writeStateFile(file, { size: 2 })
  t.strictSame(readStateFile(file), { value: { size: 2 }, damaged: false })
  t.strictSame(JSON.parse(readFileSync(`${file}.previous`, 'utf8')), { size: 1 })
  t.strictSame(readdirSync(folder), ['group.json', 'group.json.previous'], 'no draft is left')
  t.equal(statSync(file).mode & 0o777, 0o600, 'for nobody else')
})

t.test('a damaged file is answered from its predecessor', async (t) => {
  for (const damage of ['', '{"size": 2', 'null', '"text"', '12', '\0\0\0\0']) {
    const file = join(t.testdir(), 'group.json')
    await writeStateFile(file, { size: 1 })
    await writeStateFile(file, { size: 2 })
    writeFileSync(file, damage)
    t.strictSame(readStateFile(file), { value: { size: 1 }, damaged: true }, JSON.stringify(damage))
    await writeStateFile(file, { size: 3 })
    t.strictSame(readStateFile(file), { value: { size: 3 }, damaged: false })
    t.strictSame(
      JSON.parse(readFileSync(`${file}.previous`, 'utf8')),
      { size: 1 },
      'a damaged text never takes the place of a sound one, which a kill at that moment would need',
    )
  }
})

t.test('the first text has a predecessor too', async (t) => {
  const file = join(t.testdir(), 'group.json')
  await writeStateFile(file, { size: 1 })
  writeFileSync(file, '{')
  t.strictSame(readStateFile(file), { value: { size: 1 }, damaged: true })
})

t.test('when both are damaged, the file is named', async (t) => {
  const file = join(t.testdir({ 'group.json': '{', 'group.json.previous': '' }), 'group.json')
  const error = {
    kind: 'failed',
    message: `the state file ${file} is damaged, and so is its backup`,
    hint: 'repair it by hand, or remove its folder',
  }
  t.throws(() => readStateFile(file), error)
  await writeStateFile(file, { size: 1 })
  t.strictSame(readStateFile(file), { value: { size: 1 }, damaged: false })
})

t.test('many writers at once: the text is one of theirs, whole', async (t) => {
  const file = join(t.testdir(), 'group.json')
  const text = 'x'.repeat(100_000)
  await Promise.all(Array.from({ length: 20 }, (_, size) => writeStateFile(file, { size, text })))
  const read = readStateFile<{ size: number; text: string }>(file)
  t.equal(read?.damaged, false)
  t.equal(read?.value.text, text)
})

t.test('a writer that is killed at any moment leaves a whole text', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'group.json')
  const stateFileModule = JSON.stringify(new URL('./state-file.ts', import.meta.url).href)
  const code = `const { writeStateFile } = await import(${stateFileModule})
const text = 'x'.repeat(1_000_000)
await writeStateFile(${JSON.stringify(file)}, { count: 0, text })
console.log('ready')
for (let count = 1; ; count++) await writeStateFile(${JSON.stringify(file)}, { count, text })`
  for (let round = 0; round < 5; round++) {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(writer.stdout, 'data')
    await sleep(7 * round)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    const read = readStateFile<{ count: number; text: string }>(file)
    t.equal(read?.damaged, false)
    t.equal(read?.value.text.length, 1_000_000)
  }
})
