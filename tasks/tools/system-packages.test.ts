import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import {
  findMissing,
  findProgram,
  missingElsewhere,
  type Purpose,
  programs,
  programsFor,
  reasons,
} from './system-packages.ts'

function folderWith(root: string, names: readonly string[]): string {
  const folder = join(root, 'bin')
  mkdirSync(folder, { recursive: true })
  for (const name of names) writeFileSync(join(folder, name), '', { mode: 0o755 })
  return folder
}

test('finds a program in the first folder that has it as an executable', (t) => {
  const folder = folderWith(t.testdir(), ['haproxy', 'notes'])
  chmodSync(join(folder, 'notes'), 0o644)
  mkdirSync(join(folder, 'packer'))
  t.equal(findProgram('haproxy', ['/nowhere', folder]), join(folder, 'haproxy'))
  t.equal(findProgram('notes', [folder]), undefined, 'not executable')
  t.equal(findProgram('packer', [folder]), undefined, 'a folder')
  t.end()
})

test('nothing is missing when everything is installed', (t) => {
  const folder = folderWith(
    t.testdir(),
    programs.map(({ name }) => name),
  )
  t.strictSame(findMissing(programs, [folder]), [])
  t.end()
})

test('each purpose misses only what it needs', (t) => {
  const empty = folderWith(t.testdir(), [])
  const missing = (purpose: Purpose) => findMissing(programsFor(purpose), [empty]).map(({ name }) => name)
  t.strictSame(missing('lint'), ['packer', 'ansible-playbook', 'shellcheck', 'python3', 'ensurepip'])
  t.notOk(missing('local').includes('shellcheck'))
  t.strictSame(
    findMissing(programs, [empty]),
    // A file is looked up at its path, whatever the program folders.
    programs.filter(({ file }) => file === undefined),
  )
  t.end()
})

test("a Python that is not Debian's has its own ensurepip", (t) => {
  const folder = folderWith(t.testdir(), ['python3'])
  t.notOk(findMissing(programsFor('lint'), [folder]).some(({ name }) => name === 'ensurepip'))
  t.end()
})

test('announces a package once, with everything that needs it', (t) => {
  const missing = programs.filter((program) => program.package === 'openssh-client' || program.package === 'haproxy')
  t.strictSame(reasons(missing), [
    'install haproxy: haproxy is the load balancer',
    'install openssh-client: ssh reaches the instances, ssh-keygen makes keys',
  ])
  t.end()
})

test('without apt, the refusal names what is missing and how to get it', (t) => {
  const error = missingElsewhere(programs.filter(({ name }) => name === 'haproxy' || name === 'ssh'))
  t.equal(error.kind, 'refused')
  t.equal(error.message, 'not found: haproxy (is the load balancer), ssh (reaches the instances)')
  t.match(error.hint, /packages are haproxy, openssh-client$/)
  t.end()
})
