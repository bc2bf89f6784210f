import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { variablesOf } from '../lib/roll/hooks.ts'
import { parseCommandLine } from './command-line.ts'
import { flagsKeptByNpm } from './npm-flags.ts'
import type { Settings } from './settings.ts'
import { readSettings } from './settings-reader.ts'
import { isVerbName, type VerbName, verbNames, verbs } from './verbs.ts'

const folder = t.testdir({ 'package.json': '{"version": "3.2.1"}' })

/** Reads a command line as typed, `roll --batch 2`. */
async function read(
  command: string,
  {
    env = {},
    config = '',
    workingFolder = '/somewhere',
  }: { env?: NodeJS.ProcessEnv; config?: string; workingFolder?: string } = {},
) {
  const [verb = '', ...words] = command.split(' ').filter((word) => word !== '')
  if (!isVerbName(verb)) throw new Error(`no verb ${verb}`)
  const repository = mkdtempSync(join(folder, 'repository-'))
  writeFileSync(join(repository, 'package.json'), '{"version": "3.2.1", "type": "module"}')
  if (config !== '') writeFileSync(join(repository, 'bakeroll.config.ts'), config)
  return {
    ...(await readSettings(parseCommandLine(verb, words), { env, workingFolder, project: repository })),
    repository,
  }
}

const minimal = (verb: VerbName) => (verbs[verb].positionals?.required ? `${verb} 3` : verb)

t.test('every verb refuses an unknown flag, a missing value and a wrong one', async (t) => {
  for (const verb of verbNames) {
    const cases: [words: string, problem: string][] = [
      ['--nonsense', '--nonsense: unknown flag'],
      ['--platfrom aws', '--platfrom: unknown flag; did you mean --platform?'],
      ['-x', '-x: unknown flag'],
      ['--group', '--group: expected a name of a-z, 0-9 and -, at most 32 letters, a letter first, got nothing'],
      ['--platform --json', '--platform: expected local or aws, got nothing'],
      ['--platform asw', '--platform: expected local or aws, got "asw"; did you mean aws?'],
      ['--json=maybe', '--json: expected true or false, got "maybe"'],
      ['--yes --yes', '--yes: given twice'],
    ]
    for (const [words, problem] of cases)
      t.same((await read(`${minimal(verb)} ${words}`)).problems, [problem], `${verb} ${words}`)
    t.same((await read(minimal(verb))).problems, [], verb)
  }
})

t.test('says what would be right for a wrong flag', async (t) => {
  const size = 'expected a whole number from 1 to 1000'
  const duration = 'expected a duration with its unit, like 500ms, 30s, 10m or 1h'
  const cases: Record<string, string> = {
    'deploy --size 0': `--size: ${size}, got "0"`,
    'deploy --size 1.5': `--size: ${size}, got "1.5"`,
    'deploy --size two': `--size: ${size}, got "two"`,
    'deploy --size 1001': `--size: ${size}, got "1001"`,
    'deploy --size -1': `--size: ${size}, got "-1"`,
    'deploy --size=': `--size: ${size}, got ""`,
    'scale two': `<n>: ${size}, got "two"`,
    'scale 0': `<n>: ${size}, got "0"`,
    scale: `<n>: ${size}, got nothing`,
    'scale 2 3': 'unexpected argument "3"',
    'scale 2 --size 3': '--size: not a flag of scale; of deploy',
    'bake --batch 2': '--batch: not a flag of bake; of roll and rollback',
    'deploy --follow': '--follow: not a flag of deploy; of logs',
    'status --dry-run':
      '--dry-run: not a flag of status; of init, bake, deploy, roll, rollback, release, heal and images',
    'deploy extra': 'unexpected argument "extra"',
    'ssh uptime': 'unexpected argument "uptime"; a command comes after --',
    'roll -- extra words': 'unexpected after --: extra words',
    'bake --release 1/4':
      '--release: expected a version like 1.4.0, 1.4.0-rc.1 or 9cf32fa: at most 64 letters, digits, dots, _ and -, got "1/4"',
    'roll --batch 101%': '--batch: expected a count or a percent, like 2 or 25%, got "101%": a percent is at most 100%',
    'roll --max-unavailable -1': '--max-unavailable: expected a count or a percent, like 2 or 25%, got "-1"',
    'roll --pause-at 1,0': '--pause-at: expected counts or percents above 0, like 1,25%,50%, got "1,0"',
    'roll --pause-at 1,,2': '--pause-at: expected counts or percents above 0, like 1,25%,50%, got "1,,2"',
    'roll --pause-at 50%,101%':
      '--pause-at: expected counts or percents above 0, like 1,25%,50%, got "50%,101%": a percent is at most 100%',
    'roll --first i-1,': '--first: expected instance ids, with commas between them, got "i-1,"',
    'roll --hook-timeout 5': `--hook-timeout: ${duration}, got "5"`,
    'roll --before-terminate=': '--before-terminate: expected a command for the shell, got ""',
    'rollback --batch 0': '--surge: 0 leaves no room for a new instance without --max-unavailable of 1 or more',
    'roll --batch 0% --max-unavailable 0':
      '--surge: 0% leaves no room for a new instance without --max-unavailable of 1 or more',
    'roll --canary-watch 10m': '--canary-watch: means nothing without --canary',
    'roll --pause 10m': '--pause: means nothing without --pause-at',
    'roll --hook-timeout 10s':
      '--hook-timeout: means nothing without --before-roll, --before-terminate or --after-accept',
    'roll --report a --dry-run': '--report: a dry run leaves nothing to report',
    'check --pause 10m': '--pause: not a flag of check; of roll and rollback',
    'roll --instances 3': '--instances: not a flag of roll; of simulate and check',
    'simulate --instances 0': '--instances: expected a whole number from 1 to 10000, got "0"',
    'simulate --instances 10001': '--instances: expected a whole number from 1 to 10000, got "10001"',
    'simulate --seed 2147483648': '--seed: expected a whole number from 0 to 2147483647, got "2147483648"',
    'check --instances=3': '--instances: expected true or false, got "3"',
    'roll --canary x': '--canary: expected a count or a percent, like 2 or 25%, got "x"',
    'roll --timeout 60': `--timeout: ${duration}, got "60"`,
    'roll --timeout 0s': `--timeout: ${duration}, got "0s"`,
    'roll --timeout 31d': `--timeout: ${duration}, got "31d": a duration is at most 30d`,
    'roll --batch 10000': '--batch: expected a count or a percent, like 2 or 25%, got "10000": a count is at most 9999',
    'roll --engine refresh': '--engine: refresh works on aws only, the platform is local',
    'heal --max-repair half':
      '--max-repair: expected nginx, container, docker, time, reboot, release or replace, got "half"',
    'images --keep -1': '--keep: expected a whole number from 0 to 1000, got "-1"',
    'demo --keep=2': '--keep: expected true or false, got "2"',
    'logs --since yesterday': `--since: ${duration}, got "yesterday"`,
    'check --samples 101': '--samples: expected a whole number from 1 to 100, got "101"',
    'check --format xml': '--format: expected text, json, nagios, prometheus or junit, got "xml"',
    'check --format jsn': '--format: expected text, json, nagios, prometheus or junit, got "jsn"; did you mean json?',
    'check --time-path now': '--time-path: expected a path that begins with /, got "now"',
    'check --json --format junit': '--json: contradicts --format junit',
  }
  for (const [command, problem] of Object.entries(cases)) t.same((await read(command)).problems, [problem], command)
})

t.test('reports problems in the environment and the file under their own names', async (t) => {
  const port = 'expected a whole number from 1 to 65535'
  const inEnv: [name: string, value: string, problem: string][] = [
    ['BAKEROLL_LOCAL_PORT', 'x', `${port}, got "x"`],
    ['BAKEROLL_LOCAL_PROT', '80', 'unknown setting; did you mean BAKEROLL_LOCAL_PORT?'],
    ['BAKEROLL_FORCE', '1', 'cannot be set in the environment; pass --force'],
    ['AWS_REGION', 'moon', 'expected a region like eu-central-1, got "moon"'],
  ]
  for (const [name, value, problem] of inEnv) {
    t.same((await read('deploy', { env: { [name]: value } })).problems, [`${name}: ${problem}`], name)
  }
  const inFile: [content: string, problem: string][] = [
    [`{ size: 'two' }`, 'size: expected a whole number from 1 to 1000, got "two"'],
    ['{ local: { port: 0 } }', `local.port: ${port}, got 0`],
    ['{ local: { prot: 80 } }', 'local.prot: unknown setting in bakeroll.config.ts; did you mean local.port?'],
    ['{ local: 80 }', 'local: expected an object with settings, got 80'],
    ['{ moon: { phase: 1 } }', 'moon: unknown setting in bakeroll.config.ts'],
    ['{ force: true }', 'force: cannot be set in a file; pass --force'],
    ['{ group: 5 }', 'group: expected a name of a-z, 0-9 and -, at most 32 letters, a letter first, got 5'],
    ['{ json: () => true }', 'json: expected true or false, got a function'],
  ]
  for (const [content, problem] of inFile) {
    t.same((await read('deploy', { config: `export default ${content}` })).problems, [problem], content)
  }
})

t.test('reports all problems at once', async (t) => {
  const { problems } = await read('deploy --size two --batch 1', {
    env: { BAKEROLL_LOCAL_PORT: 'x' },
    config: 'export default { groop: 1, local: { cpus: 1.5 } }',
  })
  t.same(problems, [
    '--batch: not a flag of deploy; of roll and rollback',
    'groop: unknown setting in bakeroll.config.ts; did you mean group?',
    '--size: expected a whole number from 1 to 1000, got "two"',
    'BAKEROLL_LOCAL_PORT: expected a whole number from 1 to 65535, got "x"',
    'local.cpus: expected a whole number from 1 to 64, got 1.5',
  ])
})

t.test('reports contradictions together with wrong values', async (t) => {
  const batch = '--surge: 0 leaves no room for a new instance without --max-unavailable of 1 or more'
  t.same((await read('roll --batch 0 --canary x --timeout 5')).problems, [
    '--canary: expected a count or a percent, like 2 or 25%, got "x"',
    '--timeout: expected a duration with its unit, like 500ms, 30s, 10m or 1h, got "5"',
    batch,
  ])
  // What it contradicts is not known yet.
  t.same((await read('roll --batch 0 --max-unavailable x')).problems, [
    '--max-unavailable: expected a count or a percent, like 2 or 25%, got "x"',
  ])
  t.same((await read('roll --batch 0 --max-unavailble 1')).problems, [
    '--max-unavailble: unknown flag; did you mean --max-unavailable?',
  ])
  t.same((await read('roll', { config: 'export default { roll: { batch: 0 } }' })).problems, [batch])
  t.same((await read('deploy', { config: 'export default { roll: { batch: 0 } }' })).problems, [])
  const waiting = `export default { roll: { canaryWatchSeconds: '10m', pauseSeconds: 60, hookTimeoutSeconds: 5 } }`
  t.same((await read('roll', { config: waiting })).problems, [], 'they apply to a canary, a pause and a hook')
})

t.test('refuses settings that an instance refresh cannot honour', async (t) => {
  const refresh = 'roll --platform aws --engine refresh'
  const problemsOf = async (words: string) => (await read(`${refresh} ${words}`)).problems
  t.same(await problemsOf('--first i-1 --pause-at 1 --before-terminate true --after-accept true --report roll'), [
    '--first: an instance refresh chooses the order itself',
    '--pause-at: an instance refresh does not pause without --pause',
    '--before-terminate: an instance refresh runs no commands',
    '--after-accept: an instance refresh runs no commands',
    '--report: bakeroll does not see what an instance refresh does to each instance',
  ])
  t.same(await problemsOf('--canary 1 --canary-watch 5m --pause-at 2 --pause 6m'), [
    '--canary-watch and --pause: an instance refresh waits equally long at each checkpoint',
  ])
  t.same(await problemsOf('--pause-at 2 --pause 3d'), ['--pause: an instance refresh waits 2 days at most'])
  t.same(await problemsOf('--canary 1 --canary-watch 49h'), [
    '--canary-watch: an instance refresh waits 2 days at most',
  ])
  for (const words of [
    '--max-unavailable 1',
    '--canary 1 --canary-watch 5m --pause-at 2,50% --pause 5m',
    '--canary 1 --pause-at 2 --pause 2d',
  ]) {
    t.same(await problemsOf(words), [], words)
  }
  t.same((await read('roll --engine refresh --first i-1')).problems, [
    '--engine: refresh works on aws only, the platform is local',
  ])
})

t.test('reports a configuration file that cannot be read', async (t) => {
  t.same((await read('deploy --config there.ts')).problems, ['/somewhere/there.ts: there is no such file'])
  t.match((await read('deploy', { config: 'export default [1]' })).problems, [
    /expected `export default \{ \.\.\. \}`, got \[1\]$/,
  ])
  t.match((await read('deploy', { config: 'throw new Error("no\\nmore")' })).problems, [
    /bakeroll\.config\.ts: cannot be loaded: no$/,
  ])
})

t.test('flags override the environment, which overrides the file, which overrides defaults', async (t) => {
  const config = `export default { group: 'file', size: 5, roll: { timeoutSeconds: 60, batch: 2 } }`
  const env = { BAKEROLL_GROUP: 'env', BAKEROLL_SIZE: '4', BAKEROLL_ROLL_TIMEOUT: '' }
  const group = async (...read1: Parameters<typeof read>) => (await read(...read1)).settings.group
  t.equal(await group('deploy'), 'timeapp')
  t.equal(await group('deploy', { config }), 'file')
  t.equal(await group('deploy', { config, env }), 'env')
  t.equal(await group('deploy --group flag', { config, env }), 'flag')
  t.match((await read('roll', { config, env })).settings, {
    size: 4,
    roll: { timeoutSeconds: 60, surge: { count: 2 }, canary: { count: 0 } },
  })
})

t.test('values are typed, in their units, with absolute paths', async (t) => {
  const cases: [command: string, expected: Partial<{ [Key in keyof Settings]: unknown }>, env?: NodeJS.ProcessEnv][] = [
    ['bake', { release: '3.2.1', platform: 'local', size: undefined, force: false }],
    ['scale 4', { size: 4 }],
    ['roll --timeout 90m --instance-timeout=1.5h', { roll: { timeoutSeconds: 5400, instanceTimeoutSeconds: 5400 } }],
    ['check --timeout 500ms --max-offset 1s', { check: { timeoutMs: 500, maxOffsetMs: 1000 } }],
    ['images --keep 2 --retire', { images: { keep: 2, retire: true }, demo: { keep: false } }],
    ['demo --keep', { demo: { keep: true }, images: { keep: 3 } }],
    ['status', { home: '/somewhere/state' }, { BAKEROLL_HOME: 'state' }],
    ['status', { aws: { region: 'eu-west-1' } }, { AWS_REGION: 'eu-west-1' }],
    ['status', { aws: { region: 'us-east-1' } }, { AWS_REGION: 'moon', BAKEROLL_AWS_REGION: 'us-east-1' }],
    ['roll --engine refresh --platform aws', { roll: { engine: 'refresh' }, platform: 'aws' }],
    [
      'roll',
      { roll: { surge: undefined, maxUnavailable: { count: 0 }, pauseAt: [], first: [], hookTimeoutSeconds: 60 } },
    ],
    [
      'rollback --batch 0 --max-unavailable 25% --canary 1 --canary-watch 90s --pause-at 1,25%,05 --pause 1h',
      {
        roll: {
          surge: { count: 0 },
          maxUnavailable: { percent: 25 },
          canary: { count: 1 },
          canaryWatchSeconds: 90,
          pauseAt: [{ count: 1 }, { percent: 25 }, { count: 5 }],
          pauseSeconds: 3600,
        },
      },
    ],
    [
      'roll --first i-1,i-2 --after-accept ./hook --report out/roll',
      { roll: { first: ['i-1', 'i-2'], afterAccept: './hook', report: '/somewhere/out/roll' } },
    ],
    [
      'roll',
      { roll: { beforeTerminate: 'a b; c', hookTimeoutSeconds: 5 } },
      { BAKEROLL_ROLL_BEFORE_TERMINATE: 'a b; c', BAKEROLL_ROLL_HOOK_TIMEOUT: '5s' },
    ],
    [
      'roll',
      { roll: { pauseAt: [{ count: 1 }, { percent: 50 }], pauseSeconds: 60 } },
      { BAKEROLL_ROLL_PAUSE_AT: '1,50%', BAKEROLL_ROLL_PAUSE: '1m' },
    ],
    [
      'simulate --instances 1000 --seed 2147483647',
      { simulate: { instances: 1000, seed: 2 ** 31 - 1, policy: undefined }, check: { instances: false } },
    ],
    [
      'simulate --policy surge=10,canary=1 --faults zone-gone@40%',
      { simulate: { policy: 'surge=10,canary=1', faults: 'zone-gone@40%' } },
    ],
    ['status --json=false', { json: false }, { BAKEROLL_JSON: '1' }],
  ]
  for (const [command, expected, env = {}] of cases) {
    const { settings, problems } = await read(command, { env })
    t.same(problems, [], command)
    t.match(settings, expected, command)
  }
  t.equal(
    (await read('check --output report.txt', { workingFolder: folder })).settings.check.output,
    join(folder, 'report.txt'),
  )
  const { settings, repository } = await read('status')
  t.equal(settings.home, join(repository, '.bakeroll'))
})

t.test('accepts either name of a setting, but not both', async (t) => {
  const surge = async (...said: Parameters<typeof read>) => (await read(...said)).settings.roll.surge
  for (const flag of ['--surge', '--batch']) t.same(await surge(`roll ${flag} 2`), { count: 2 })
  for (const name of ['BAKEROLL_ROLL_SURGE', 'BAKEROLL_ROLL_BATCH']) {
    t.same(await surge('roll', { env: { [name]: '25%' } }), { percent: 25 })
  }
  for (const key of ['surge', 'batch']) {
    t.same(await surge('roll', { config: `export default { roll: { ${key}: 3 } }` }), { count: 3 })
  }
  t.same((await read('roll --surge 2 --batch 3')).problems, ['--batch: given twice, first as --surge'])
  t.same((await read('roll', { config: 'export default { roll: { batch: 1, surge: 2 } }' })).problems, [
    'roll.surge: another name of roll.surge, and both are given',
  ])
  t.equal((await read('bake --plan')).settings.dryRun, true)
})

t.test('reads lists of counts and ids from a file as lists', async (t) => {
  const config = `export default { roll: { pauseAt: [1, '25%'], maxUnavailable: 2 } }`
  t.match((await read('roll', { config })).settings.roll, {
    pauseAt: [{ count: 1 }, { percent: 25 }],
    maxUnavailable: { count: 2 },
  })
  const wrong = `export default { roll: { pauseAt: ['1', 0], first: ['i-1'] } }`
  t.same((await read('roll', { config: wrong })).problems, [
    'roll.first: cannot be set in a file; pass --first',
    'roll.pauseAt: expected counts or percents above 0, like 1,25%,50%, got ["1",0]',
  ])
})

t.test("a verb called by a hook does not take the hook's variables for mistyped settings", async (t) => {
  const instance = { id: 'i-1', url: 'http://127.0.0.1:1', imageId: 'a', release: '1.0.0' }
  const env = variablesOf('after-accept', 'shop', instance)
  const { problems, settings } = await read('check', { env })
  t.same(problems, [])
  t.equal(settings.group, 'shop')
  t.match((await read('check', { env: { BAKEROLL_INSTANC: 'i-1' } })).problems, [/did you mean BAKEROLL_INSTANCE\?/])
})

t.test('words after -- are the command of ssh, or URLs for check', (t) => {
  const ssh = parseCommandLine('ssh', ['--instance', 'i-1', '--', 'ls', '--json', '-la'])
  t.same(ssh.rest, ['ls', '--json', '-la'])
  t.same(ssh.problems, [])
  t.same(parseCommandLine('check', ['http://a', '--', '--b']).positionals, ['http://a', '--b'])
  t.end()
})

t.test('refuses a flag that npm kept for itself, so that a dry run never becomes a real one', (t) => {
  const env = {
    npm_lifecycle_event: 'roll',
    npm_config_dry_run: 'true',
    npm_config_yes: 'true',
    npm_config_keep: 'true',
  }
  t.same(flagsKeptByNpm('roll', env), ['--dry-run: npm kept it for itself; write npm run roll -- --dry-run'])
  t.same(flagsKeptByNpm('roll', { npm_config_dry_run: 'true' }), [])
  t.end()
})

t.test("check takes the checker's settings from every source", async (t) => {
  const told = `export default { check: { maxOffsetMs: 250, remindMs: '2h', notify: ['mail:a@b.example', 'command:true'] } }`
  writeFileSync(join(folder, 't.mustache'), '{{target}}')
  const { settings, problems } = await read('check --notify-template t.mustache --state s --watch http://a.example', {
    config: told,
    workingFolder: folder,
    env: { BAKEROLL_CHECK_MAINTENANCE: 'Sun 02:00-04:00\ndaily 02:00-02:30', BAKEROLL_CHECK_EXPECT_STATUS: '204' },
  })
  t.same(problems, [])
  t.match(settings.check, {
    maxOffsetMs: 250,
    remindMs: 7_200_000,
    watchMs: 2000,
    expectStatus: 204,
    timeFormat: 'auto',
    ipv4: false,
    notify: [{ to: ['a@b.example'] }, { command: 'true' }],
    maintenance: [{ days: [0], startMinute: 120 }, { endMinute: 150 }],
    notifyTemplate: '{{target}}',
  })
  const repeated = await read('check --notify mail:a@b.example --notify=command:true --watch=5s')
  t.match(repeated.settings.check, { notify: [{ kind: 'mail' }, { kind: 'command' }], watchMs: 5000 })
  t.same((await read('check', { config: 'export default { check: { ipv4: "yes", samples: 3.5 } }' })).problems, [
    'check.samples: expected a whole number from 1 to 100, got 3.5',
    'check.ipv4: expected true or false, got "yes"',
  ])
  t.same((await read('check', { env: { BAKEROLL_CHECK_HEARTBEAT: ' ' } })).problems, [
    'BAKEROLL_CHECK_HEARTBEAT: expected a url with http or https, got [secret]',
  ])
  t.same((await read('check', { env: { BAKEROLL_CHECK_WATCH: '2s' } })).problems, [
    'BAKEROLL_CHECK_WATCH: cannot be set in the environment; pass --watch',
  ])
})

t.test('a secret may name a file, relative to the working folder', async (t) => {
  const config = `export default { check: { heartbeat: '@${folder}/beat' } }`
  for (const [name, text] of [
    ['hook', 'command:true'],
    ['beat', 'https://b.example'],
  ] as const) {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), 0o600)
  }
  const asked = { config, workingFolder: folder }
  const { settings, said, problems } = await read('check --state s --notify @hook --notify mail:a@b.example', asked)
  t.same(problems, [])
  t.match(settings.check.notify, [{ command: 'true' }, { to: ['a@b.example'] }])
  t.same(settings.check.heartbeat, new URL('https://b.example'))
  t.match(
    [...said],
    [
      ['check.state', `${folder}/s`],
      ['check.notify', `@${folder}/hook\nmail:a@b.example`],
      ['check.heartbeat', `@${folder}/beat`],
    ],
  )
  const roll = await read('roll', { env: { BAKEROLL_CHECK_NOTIFY: '@none' } })
  t.same(roll.problems, [], 'a verb that needs none opens none')
})
