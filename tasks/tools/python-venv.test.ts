// needs: python3, ensurepip
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { test } from 'tap'
import type { Progress } from '../lib/progress.ts'
import { ensureVenv, venvCommands, venvPlace } from './python-venv.ts'
import { copyingPython } from './venv-fixture.ts'

const top = t.testdir()
const empty = { ...venvPlace('empty'), folder: join(top, 'empty') }
const [program = '', ...words] = venvCommands(empty)[0] ?? []
await execa(program, words)
const python = copyingPython(top, empty.folder)

function recording(): Progress & { steps: string[] } {
  const steps: string[] = []
  return {
    steps,
    event() {},
    live() {},
    warn() {},
    step: (name, work) => {
      steps.push(name)
      return work()
    },
  }
}

/** A Python that records its calls and makes an environment with itself as the Python. */
function fakePython(root: string): string {
  const path = join(root, 'python3')
  const venv = `case "$2" in venv) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;; esac`
  writeFileSync(path, `#!/bin/sh\nset -eu\necho "$*" >>'${join(root, 'calls')}'\n${venv}\n`, { mode: 0o755 })
  return path
}

test('the commands pin every package and name no index', (t) => {
  const place = { requirements: '/repo/test/python/x.txt', folder: '/repo/.venv/x', python: '/usr/bin/python3' }
  const pip = ['/repo/.venv/x/bin/python', '-m', 'pip', '--disable-pip-version-check', '--no-input', '--no-color']
  t.strictSame(venvCommands(place), [
    ['/usr/bin/python3', '-m', 'venv', '--clear', '/repo/.venv/x'],
    [
      ...[...pip, 'install', '--quiet', '--no-compile', '--no-deps', '--require-hashes', '--only-binary', ':all:'],
      ...['--requirement', '/repo/test/python/x.txt'],
    ],
    [...pip, 'check'],
  ])
  t.end()
})

/** An empty wheel, in a folder where pip may look for it. */
async function emptyWheel(folder: string): Promise<string> {
  const file = join(folder, 'nothing-1.0-py3-none-any.whl')
  const code = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    info = 'nothing-1.0.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: nothing\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`
  await execa('python3', ['-c', code, file])
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

test('installs a package only if its hash is in the requirements', async (t) => {
  const root = t.testdir({ test: { python: {} }, index: {} })
  const sha256 = await emptyWheel(join(root, 'index'))
  const requirements = (hash: string) => `--no-index\n--find-links ${join(root, 'index')}\nnothing==1.0 ${hash}\n`
  const venvWith = (hash: string) => {
    writeFileSync(join(root, 'test/python/x.txt'), requirements(hash))
    return ensureVenv('x', recording(), undefined, { ...venvPlace('x', root), python })
  }
  const other = '0'.repeat(64)
  await t.rejects(venvWith(`--hash=sha256:${other}`), { message: new RegExp(`Expected sha256 ${other}[^]*${sha256}`) })
  await venvWith(`--hash=sha256:${other} --hash=sha256:${sha256}`)
})

test('every requirement of the repository has a hash', (t) => {
  const root = join(import.meta.dirname, '../..')
  const files = ['ansible/requirements.txt', ...globSync('test/python/*.txt', { cwd: root })]
  t.ok(files.length >= 9)
  for (const file of files) {
    const entries = readFileSync(join(root, file), 'utf8').replaceAll('\\\n', '').split('\n')
    for (const entry of entries.filter((line) => line !== '' && !line.startsWith('#'))) {
      t.match(entry, /^[\w.-]+==[\w.]+( +--hash=sha256:[0-9a-f]{64})+ *$/, `${file}: ${entry.slice(0, 40)}`)
    }
  }
  t.end()
})

test('makes an environment once, and again after its requirements changed or its making was interrupted', async (t) => {
  const root = t.testdir({ test: { python: { 'empty.txt': '# nothing\n' } } })
  const place = { ...venvPlace('empty', root), python: fakePython(root) }
  const progress = recording()
  const make = () => ensureVenv('empty', progress, undefined, place)

  t.equal(await make(), join(place.folder, 'bin'))
  t.match(
    readFileSync(join(root, 'calls'), 'utf8'),
    /^-m venv [^\n]*\n-m pip [^\n]*install [^\n]*\n-m pip [^\n]*check\n$/,
  )
  await make()
  t.equal(progress.steps.length, 1, 'a second call makes nothing')

  writeFileSync(place.requirements, '# still nothing\n')
  await make()
  t.equal(progress.steps.length, 2, 'other requirements')

  rmSync(join(place.folder, 'made-from'))
  mkdirSync(join(place.folder, 'rest'))
  await make()
  t.equal(progress.steps.length, 3, 'half made')
  t.throws(() => readFileSync(join(place.folder, 'rest')), { code: 'ENOENT' })
})

test('makes an environment only once for concurrent callers', async (t) => {
  const root = t.testdir({ test: { python: { 'empty.txt': '# nothing\n' } } })
  const place = { ...venvPlace('empty', root), python: fakePython(root) }
  const make = () => ensureVenv('empty', recording(), undefined, place)
  t.same(new Set(await Promise.all([make(), make(), make()])), new Set([join(place.folder, 'bin')]))
  t.equal(readFileSync(join(root, 'calls'), 'utf8').match(/-m venv/g)?.length, 1)
})

test("a missing package is a failure with pip's output and a hint", async (t) => {
  const place = venvPlace('bad', t.testdir({ test: { python: { 'bad.txt': './no-such-package-here\n' } } }))
  await t.rejects(ensureVenv('bad', recording(), undefined, { ...place, python }), {
    name: 'OperatorError',
    kind: 'failed',
    message: /no-such-package-here/,
    hint: /pip .*--requirement/,
  })
})
