import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import type { Progress } from '../lib/progress.ts'
import { ensureVenv, venvCommands, venvPlace } from './python-venv.ts'

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

/** A Python that notes how it is called and makes an environment whose Python is itself. */
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
    [...pip, 'install', '--quiet', '--no-deps', '--requirement', '/repo/test/python/x.txt'],
    [...pip, 'check'],
  ])
  t.end()
})

test('an environment is made once, and again when its requirements change or its making was cut short', async (t) => {
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

test('a package that does not exist is a failure with the lines of pip and a hint', async (t) => {
  const place = venvPlace('bad', t.testdir({ test: { python: { 'bad.txt': './no-such-package-here\n' } } }))
  await t.rejects(ensureVenv('bad', recording(), undefined, place), {
    name: 'OperatorError',
    kind: 'failed',
    message: /no-such-package-here/,
    hint: /pip .*--requirement/,
  })
})
