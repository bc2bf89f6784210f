import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { contentFixture } from './content-fixture.ts'
import { digestOfRoles, releaseDigests } from './recipe.ts'
import { copyRoles, filesOfRoles } from './user-roles.ts'

/** Roles whose files lead to each other, and a file beside them. */
function makeRoles(t: Test): string {
  const folder = t.testdir({
    secret: 'of the computer',
    roles: {
      tuning: { tasks: { 'main.yml': '---\n' }, files: { 'run.sh': '#!/bin/sh\n', empty: {} } },
      common: { files: { 'shared.conf': 'shared = 1\n', deep: { one: '1' } } },
    },
  })
  const roles = join(folder, 'roles')
  chmodSync(join(roles, 'tuning/files/run.sh'), 0o755)
  symlinkSync('../../common/files/shared.conf', join(roles, 'tuning/files/shared.conf'))
  symlinkSync('../../common/files/deep', join(roles, 'tuning/files/deep'))
  return roles
}

t.test('links within the folder of roles count as what they lead to, and are copied as that', (t) => {
  const roles = makeRoles(t)
  t.strictSame(filesOfRoles(roles, ['tuning']), [
    'tuning/files/deep/one',
    'tuning/files/run.sh',
    'tuning/files/shared.conf',
    'tuning/tasks/main.yml',
  ])
  const to = join(roles, '../copy')
  mkdirSync(to)
  copyRoles(roles, ['tuning'], to)
  rmSync(roles, { recursive: true })
  const copied = readdirSync(to, { recursive: true, withFileTypes: true })
  t.strictSame(
    copied.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name),
    [],
  )
  t.strictSame(filesOfRoles(to, ['tuning']).length, 4)
  t.equal(readFileSync(join(to, 'tuning/files/shared.conf'), 'utf8'), 'shared = 1\n')
  t.equal(readFileSync(join(to, 'tuning/files/deep/one'), 'utf8'), '1')
  t.equal(statSync(join(to, 'tuning/files/run.sh')).mode & 0o777, 0o755)
  t.ok(statSync(join(to, 'tuning/files/empty')).isDirectory())
  t.end()
})

t.test('what cannot be copied with a role is said, with its place, and no byte of it is read', (t) => {
  const table: [name: string, make: (tuning: string) => void, message: RegExp][] = [
    [
      'file',
      (at) => symlinkSync('../../../secret', join(at, 'files/x')),
      /files\/x is a link to .*\/secret, outside of/,
    ],
    ['folder', (at) => symlinkSync('/usr', join(at, 'files/x')), /files\/x is a link to \/usr, outside of/],
    ['all', (at) => symlinkSync('..', join(at, 'x')), /tuning\/x is a link to .*roles, outside of/],
    ['nothing', (at) => symlinkSync('gone', join(at, 'files/x')), /files\/x is a link that leads nowhere$/],
    ['itself', (at) => symlinkSync('.', join(at, 'files/x')), /files\/x leads back to a folder that it lies in$/],
    ['pipe', (at) => execFileSync('mkfifo', [join(at, 'files/x')]), /files\/x is neither a file nor a folder$/],
  ]
  for (const [name, make, message] of table) {
    const roles = makeRoles(t)
    make(join(roles, 'tuning'))
    for (const read of [filesOfRoles, digestOfRoles]) {
      t.throws(() => read(roles, ['tuning']), { kind: 'usage', message }, name)
    }
    t.throws(() => copyRoles(roles, ['tuning'], join(roles, '../copy')), { kind: 'usage', message }, name)
    t.strictSame(filesOfRoles(roles, ['common']).length, 2, 'another role is not concerned')
  }
  t.end()
})

t.test('a role that changes is another content of a release, so is their order; one of the base is not', async (t) => {
  const roles = makeRoles(t)
  const digest = async (names: string[], base: string[] = []) => {
    const image = { roles: { path: roles, base, release: names } }
    return releaseDigests(await contentFixture('1.4.0', { image })).roles
  }
  mkdirSync(join(roles, 'common/tasks'))
  writeFileSync(join(roles, 'common/tasks/main.yml'), '---\n')
  const [none, one, two, other] = [
    await digest([]),
    await digest(['tuning']),
    await digest(['tuning', 'common']),
    await digest(['common', 'tuning']),
  ]
  t.equal(none, '')
  t.equal(await digest([], ['tuning']), '')
  t.equal(new Set([none, one, two, other]).size, 4)
  t.equal(await digest(['tuning']), one)
  writeFileSync(join(roles, 'common/files/shared.conf'), 'shared = 2\n')
  t.not(await digest(['tuning']), one, 'what a link leads to')
})
