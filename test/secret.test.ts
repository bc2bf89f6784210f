// needs: local
/** The verb `secret` and what keeps to it, as a user calls them. */
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { hardValues, planted } from './service-machine.ts'

const repository = join(import.meta.dirname, '..')

/** Verbs in a home of their own. Whatever they say, no value is in it. */
function user(t: Test) {
  const home = join(t.testdir(), 'home')
  const run = async (words: readonly string[], input?: string | Buffer, env: Record<string, string> = {}) => {
    const { exitCode, stdout, stderr } = await execa('sh', ['tasks/run.sh', ...words], {
      cwd: repository,
      env: { NODE_OPTIONS: '', BAKEROLL_HOME: home, ...env },
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      reject: false,
    })
    t.notMatch(`${stdout}${stderr}`, planted, `${words.join(' ')} tells no value`)
    return { exitCode, stdout, stderr }
  }
  return { home, run, file: (name: string) => join(home, 'groups/timeapp/secrets', name) }
}

t.test('a value is set before there is a group, listed without it, and unset', async (t) => {
  const { home, run, file } = user(t)
  t.match(await run(['secret']), { exitCode: 0, stdout: /group timeapp has no secrets; npm run secret -- set NAME/ })
  const { KEY = '', LONG = '', BLANKS = '' } = hardValues
  for (const [name, value] of Object.entries({ KEY, LONG, BLANKS })) {
    // One line break at the end is the shell's.
    const { exitCode, stdout } = await run(['secret', 'set', name, '--verbose'], `${value}\n`)
    t.equal(exitCode, 0)
    t.match(stdout, `set ${name} of group timeapp; running instances get it by npm run roll -- --force`)
    t.equal(readFileSync(file(name), 'utf8'), value)
    t.equal(statSync(file(name)).mode & 0o777, 0o600)
  }
  t.equal(statSync(join(file('KEY'), '..')).mode & 0o777, 0o700)
  const inOther = globSync('**', { cwd: home, withFileTypes: true }).filter(
    (one) => one.isFile() && !one.parentPath.endsWith('/secrets'),
  )
  for (const one of inOther) t.notMatch(readFileSync(join(one.parentPath, one.name), 'utf8'), planted, one.name)
  const { stdout } = await run(['secret', '--json'])
  const { ok, secrets } = JSON.parse(stdout)
  t.equal(ok, true)
  t.match(secrets, [
    { name: 'BLANKS', setAt: /^20\d\d-.*Z$/, missing: false },
    { name: 'KEY', missing: false },
    { name: 'LONG' },
  ])
  t.match(await run(['secret']), { stdout: /^SECRET +SET \(UTC\) +.*\nBLANKS +20\d\d-\d\d-\d\d \d\d:\d\d/ })
  t.match(await run(['secret', 'unset', 'KEY']), { exitCode: 0, stdout: /^unset KEY of group timeapp/ })
  t.notOk(existsSync(file('KEY')))
  t.match(await run(['secret', 'unset', 'KEY']), { exitCode: 0, stdout: /^unchanged: KEY had no value/ })
  const refused = await run(['destroy'])
  t.equal(refused.exitCode, 3)
  t.match(refused.stderr, /Remove secret BLANKS and secret LONG\?/)
  t.match(await run(['destroy', '--yes']), { exitCode: 0, stdout: /^removed secret BLANKS, secret LONG$/ })
  t.notOk(existsSync(join(home, 'groups/timeapp')))
})

t.test('the group goes with its secrets, which are named before', async (t) => {
  const { home, run, file } = user(t)
  await run(['secret', 'set', 'KEY'], 'planted')
  writeFileSync(join(home, 'groups/timeapp/group.json'), JSON.stringify({ imageId: 'one', size: 2, port: 18_098 }))
  t.match((await run(['destroy'])).stderr, /Remove group timeapp with 0 instances and 1 secret\?/)
  t.equal((await run(['destroy', '--yes'])).exitCode, 0)
  t.notOk(existsSync(file('KEY')))
})

t.test('wrong usage is told before any effect', async (t) => {
  const { home, run } = user(t)
  const table: [words: string[], message: RegExp, input?: string | Buffer][] = [
    [['list'], /error: expected set or unset, got "list"\nhint: {2}npm run secret -- set NAME/],
    [['set'], /set what\? expected the name of a secret/],
    [['unset'], /unset what\?/],
    [['TOKEN=planted'], /expected set or unset, got "TOKEN"/],
    [
      ['set', 'TOKEN', 'planted'],
      /its value comes from standard input, or is asked for.*\nhint: {2}npm run secret -- set TOKEN/,
    ],
    [['set', 'TOKEN=planted'], /hint: {2}npm run secret -- set TOKEN, or npm run secret -- set TOKEN <FILE/],
    [['unset', 'TOKEN', 'OTHER'], /unset takes the name of one secret/],
    [['set', '1TOKEN'], /no digit first, at most 128, got "1TOKEN"/],
    [['set', '../x'], /letters, digits and _/],
    [['set', 'LD_PRELOAD'], /a variable of the docker command/],
  ]
  for (const [words, message] of table) {
    const { exitCode, stdout, stderr } = await run(['secret', ...words], 'planted')
    t.match({ exitCode, stdout, stderr }, { exitCode: 2, stdout: '', stderr: message }, words.join(' '))
  }
  t.notOk(existsSync(home), 'nothing was made')
  const values: [what: string, input: string | Buffer, message: RegExp][] = [
    ['nothing', '', /TOKEN: the value is empty\nhint: {2}npm run secret -- unset TOKEN/],
    ['a line break alone', '\n', /the value is empty/],
    ['too much', 'planted'.repeat(100_000), /the value is longer than 32768 bytes/],
    ['a NUL', 'planted\0', /NUL byte/],
    ['no text', Buffer.from([0x70, 0xff, 0xfe]), /not text in UTF-8/],
  ]
  for (const [what, input, message] of values) {
    t.match(await run(['secret', 'set', 'TOKEN'], input), { exitCode: 2, stderr: message }, what)
    t.notOk(existsSync(join(home, 'groups/timeapp/secrets/TOKEN')), what)
  }
})

t.test('deploy, roll and scale refuse while the service lacks a secret, with the command that sets it', async (t) => {
  const { home, run } = user(t)
  const needed = { BAKEROLL_SERVICE_SECRETS: 'DATABASE_URL,TOKEN' }
  await run(['secret', 'set', 'TOKEN'], 'planted')
  const { secrets } = JSON.parse((await run(['secret', '--json'], undefined, needed)).stdout)
  t.match(secrets, [
    { name: 'DATABASE_URL', missing: true },
    { name: 'TOKEN', missing: false },
  ])
  t.notOk('setAt' in secrets[0])
  t.match(await run(['secret'], undefined, needed), { stdout: /\nDATABASE_URL +missing +yes\nTOKEN +20.* yes$/ })
  for (const verb of ['deploy', 'deploy --dry-run', 'roll', 'scale 3']) {
    const refused = await run(verb.split(' '), undefined, needed)
    t.equal(refused.exitCode, 3, verb)
    t.match(
      refused.stderr,
      /error: group timeapp has no value for service\.secrets: DATABASE_URL\nhint: {2}npm run secret -- set DATABASE_URL --group timeapp/,
    )
  }
  await run(['secret', 'set', 'DATABASE_URL'], 'planted')
  t.match(await run(['roll'], undefined, needed), { exitCode: 2, stderr: /there is no group/ })
  const unset = await run(['secret', 'unset', 'TOKEN'], undefined, needed)
  t.match(unset.stderr, /service\.secrets names TOKEN: until it is set again, no new instance can start the service/)
  const named = { BAKEROLL_SERVICE_SECRETS: 'TOKEN,PATH' }
  t.match(await run(['secret'], undefined, named), { exitCode: 2, stderr: /BAKEROLL_SERVICE_SECRETS: / })
  t.ok(existsSync(home))
})

t.test('two verbs at once lose nothing of each other', async (t) => {
  const { run, file } = user(t)
  const names = ['A', 'B', 'C', 'D']
  await Promise.all(names.map((name) => run(['secret', 'set', name], `planted ${name}`)))
  for (const name of names) t.equal(readFileSync(file(name), 'utf8'), `planted ${name}`)
})

t.test('a draft that a killed verb left is not listed, and goes with its secret', async (t) => {
  const { run, file } = user(t)
  await run(['secret', 'set', 'TOKEN'], 'planted')
  mkdirSync(join(file('TOKEN'), '..'), { recursive: true })
  writeFileSync(file('.TOKEN.4711.1.tmp'), 'planted')
  t.equal(JSON.parse((await run(['secret', '--json'])).stdout).secrets.length, 1)
  await run(['secret', 'unset', 'TOKEN'])
  t.notOk(existsSync(file('.TOKEN.4711.1.tmp')))
})
