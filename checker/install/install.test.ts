// needs: crontab, ps
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { builtChecker } from '../fixtures/bundle.ts'
import { optionOf } from '../fixtures/options.ts'
import { startService, timeService } from '../fixtures/service.ts'
import { type CheckOptions, defaultOptions } from '../options/options.ts'
import { programIn } from '../programs.ts'
import { callAgain } from './again.ts'
import { unitName, unitsOf } from './systemd.ts'
import { installUnits, namesOfUnits, removeUnits, type UnitPlace } from './unit-files.ts'

const bundle = await builtChecker()

/** Behaves like Debian's: without a crontab it says so and exits with 1; reads the new one from stdin. */
const fakeCrontab = `#!/bin/sh
file="$(dirname "$0")/stored"
case "$1" in
  -l) if [ -f "$file" ]; then cat "$file"; else echo "no crontab for me" >&2; exit 1; fi ;;
  -) cat >"$file" ;;
  *) exit 2 ;;
esac
`

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function call(path: string, ...argv: string[]): Promise<Ended> {
  return callWith({}, path, ...argv)
}

function callWith(variables: Record<string, string>, path: string, ...argv: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables, PATH: path }
    const child = execFile(process.execPath, [bundle, ...argv], { cwd: '/', env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? Number.NaN, stdout, stderr })
    })
  })
}

function cronFolder(t: Test): { readonly path: string; readonly stored: string } {
  const folder = t.testdir({ crontab: fakeCrontab })
  chmodSync(join(folder, 'crontab'), 0o755)
  return { path: `${folder}:/usr/bin:/bin`, stored: join(folder, 'stored') }
}

t.test('cron: installs, reinstalls, changes and uninstalls, and keeps foreign lines', async (t) => {
  const { path, stored } = cronFolder(t)
  const foreign = Buffer.from('MAILTO=a\xFF\n5 4 * * * true # 50\\%', 'latin1')
  writeFileSync(stored, foreign)
  const asked = ['--every', '5m', '--max-offset', '250ms', '--body-match', '^\\d+%$', '--notify', 'http://u:geheim@h/']
  const argv = [...asked, '--state', 'tmp/state.json', 'http://a.example']
  const first = await call(path, '--install', 'cron', ...argv)
  t.same({ code: first.code, stderr: first.stderr }, { code: 0, stderr: '' })
  t.match(first.stdout, /^added to your crontab, as a\.example-[\da-f]{8}:\n\*\/5 \* \* \* \* sleep \d+; /)
  t.notMatch(first.stdout, 'geheim')
  const installed = readFileSync(stored, 'latin1')
  t.ok(installed.startsWith(`${foreign.toString('latin1')}\n# bakeroll check a.example-`))
  const line = installed.split('\n').at(-3) ?? ''
  const flags = `--body-match=^\\d+\\%$' --max-offset=250ms --state=/tmp/state.json`
  t.ok(line.includes(`${process.execPath} ${bundle} '${flags} http://a.example`), line)
  t.notMatch(line, 'geheim')
  const [, variables = ''] = /; set -a; \. (\S+); set \+a; /.exec(line) ?? []
  t.match(first.stdout, `secrets and other variables: ${variables}\n`)
  t.equal(statSync(variables).mode & 0o777, 0o600)
  t.match(readFileSync(variables, 'utf8'), 'BAKEROLL_CHECK_NOTIFY="http://u:geheim@h/"\n')
  t.match((await call(path, '--install', 'cron', ...argv)).stdout, /^already in your crontab/)
  t.equal(readFileSync(stored, 'latin1'), installed)
  t.match((await call(path, '--install', 'cron', 'http://a.example')).stdout, /^replaced in your crontab/)
  t.notOk(existsSync(variables), 'no secret is left')
  t.match((await call(path, '--install', 'cron', 'http://b.example')).stdout, /^added to your crontab/)
  t.match((await call(path, '--uninstall', 'cron', 'http://c.example')).stdout, /^not in your crontab/)
  t.match((await call(path, '--uninstall', 'cron', 'http://a.example')).stdout, /^removed a\.example-/)
  t.match(readFileSync(stored, 'latin1'), /check b\.example-/)
  t.match((await call(path, '--uninstall', 'cron')).stdout, /^removed b\.example-/)
  t.equal(readFileSync(stored, 'latin1'), `${foreign.toString('latin1')}\n`)
  t.match(JSON.parse((await call(path, '--install', 'cron', 'http://c.example', '--json')).stdout), {
    ok: true,
    installed: { name: /^c\.example-/, crontab: /^\* \* \* \* \* sleep / },
  })
  t.match(JSON.parse((await call(path, '--uninstall', 'cron', '--json')).stdout), { removed: [/^c\.example-/] })
})

t.test('cron: a shell runs the installed line', async (t) => {
  const { path, stored } = cronFolder(t)
  const url = await startService(t, timeService())
  const output = join(dirname(stored), "it's done 100%.json")
  await call(path, '--install', 'cron', url, '--json', '--timeout', '30s', '--output', output)
  const line = readFileSync(stored, 'utf8').split('\n')[1] ?? ''
  const command = line.replace(/^(\S+ ){5}sleep \d+; /, '').replaceAll('\\%', '%')
  await new Promise((resolve) => execFile('/bin/sh', ['-c', command], resolve))
  t.match(JSON.parse(readFileSync(output, 'utf8')), { ok: true, targets: [{ url }] })
})

t.test('cron: keeps secrets out of the line and the process list, and passes them to the check', async (t) => {
  const { path, stored } = cronFolder(t)
  const posted: (string | undefined)[] = []
  const hook = await startService(t, (request, response) => {
    posted.push(request.headers.authorization)
    response.end()
  })
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const url = await startService(t, async (_, response) => {
    asked()
    await gate
    response.writeHead(500).end()
  })
  const folder = dirname(stored)
  const [first, second] = ['1"$`\\', '2'].map((user) => hook.replace('//', `//${encodeURIComponent(user)}:geheim@`))
  writeFileSync(join(folder, 'hook'), `# ours\r\n${first}\r\n`, { mode: 0o600 })
  const command = `command:cat >${join(folder, 'told')}; : "geheim\\$HOME \`x\`"`
  const notify = `@${join(folder, 'hook')}\n${second}\n${command}`
  const argv = ['--install', 'cron', url, '--timeout', '50s', '--failures', '1', '--state', join(folder, 'state.json')]
  const env = { BAKEROLL_CHECK_NOTIFY: notify, BAKEROLL_CHECK_HEARTBEAT: `${hook}/geheim` }
  const installed = await callWith(env, path, ...argv)
  t.match(installed, { code: 0, stderr: '' })
  t.teardown(() => call(path, '--uninstall', 'cron', url))
  t.notMatch(installed.stdout + readFileSync(stored, 'utf8'), 'geheim')
  const line = readFileSync(stored, 'utf8').split('\n')[1] ?? ''
  const job = line.replace(/^(\S+ ){5}sleep \d+; /, '').replaceAll('\\%', '%')
  // The environment that cron gives a job.
  const ended = new Promise((resolve) => {
    execFile('/bin/sh', ['-c', job], { env: { HOME: folder, PATH: '/usr/bin:/bin', SHELL: '/bin/sh' } }, resolve)
  })
  await isAsked
  const list = execFileSync(...listOfProcesses)
  t.match(list, url, 'the check is running')
  t.notMatch(list, 'geheim')
  release()
  await ended
  const basic = (user: string) => `Basic ${Buffer.from(`${user}:geheim`).toString('base64')}`
  t.same(posted.toSorted(), [basic('1"$`\\'), basic('2'), undefined])
  t.match(readFileSync(join(folder, 'told'), 'utf8'), '"critical"')
  t.notMatch(readFileSync(join(folder, 'state.json'), 'utf8'), 'geheim')
})

/** As another user if possible. */
const listOfProcesses: [string, string[], { encoding: 'utf8' }] =
  process.getuid?.() === 0
    ? ['runuser', ['-u', 'nobody', '--', 'ps', '-eww', '-o', 'args'], { encoding: 'utf8' }]
    : ['ps', ['-eww', '-o', 'args'], { encoding: 'utf8' }]

t.test('cron: refuses a check that it cannot run before writing anything', async (t) => {
  const { path, stored } = cronFolder(t)
  const argv = ['--install', 'cron', '--header', '@/dev/stdin', 'http://a.example']
  const piped = ['-c', 'printf "X-Key: geheim" | "$@"', 'sh', process.execPath, bundle, ...argv]
  await t.rejects(promisify(execFile)('sh', piped, { env: { ...process.env, PATH: path } }), {
    code: 3,
    stderr: 'error: --install cron: --header: /dev/stdin exists only for this run; use a file that stays\n',
  })
  t.notOk(existsSync(stored))
  const cases: [string[], RegExp][] = [
    [['--every', '7m'], /error: --every: cron cannot keep 7 min: expected whole minutes that divide an hour/],
    [['--every', '30s'], /error: --every: cron cannot keep 30 s/],
    [['--timeout', '60s'], /error: --every: 60 s is not longer than --timeout 60 s/],
  ]
  for (const [argv, stderr] of cases) {
    t.match(await call(path, '--install', 'cron', 'http://a.example', ...argv), { code: 3, stderr })
  }
  t.match(await call(path, '--install', 'cron'), { code: 3, stderr: /error: no url/ })
  t.notOk(existsSync(stored))
})

t.test('cron: works with the real crontab', { skip: realCrontab() === undefined && 'no crontab here' }, async (t) => {
  const path = process.env['PATH'] ?? ''
  const list = () => {
    try {
      return execFileSync('crontab', ['-l'], { encoding: 'latin1', stdio: 'pipe' })
    } catch {
      return ''
    }
  }
  const before = list()
  const url = `http://${process.pid}.example`
  t.equal((await call(path, '--install', 'cron', url, '--body-match', '50%')).code, 0)
  t.match(list(), /50\\%/)
  t.equal((await call(path, '--uninstall', 'cron', url)).code, 0)
  t.equal(list(), before === '' || before.endsWith('\n') ? before : `${before}\n`)
})

function realCrontab(): string | undefined {
  return programIn('crontab')
}

const options: CheckOptions = {
  ...defaultOptions(),
  everyMs: 90_000,
  state: '/var/lib/x/state.json',
  install: 'systemd',
}
const again = callAgain({
  targets: [{ url: 'http://a.example' }],
  options,
  said: new Map([
    ['check.bodyMatch', '^$5%'],
    ['check.state', '/var/lib/x/state.json'],
    ['check.everyMs', '90s'],
    ['check.install', 'systemd'],
  ]),
  again: { words: [process.execPath, bundle] },
})

t.test('systemd: systemd accepts the units', async (t) => {
  for (const isSystem of [true, false]) {
    const variables = join(t.testdir({ 'a 5%.env': 'X="1"\n' }), 'a 5%.env')
    const { service, timer } = unitsOf(again, options, isSystem, variables)
    t.match(service, `\nEnvironmentFile=${variables.replace('%', '%%')}\n`)
    t.match(
      service,
      `ExecStart=${process.execPath} ${bundle} "--body-match=^$$5%%" --state=/var/lib/x/state.json http://a.example\n`,
    )
    t.match(service, '\nTimeoutStartSec=25\n')
    t.equal(service.includes('ReadWritePaths=/var/lib/x\n'), isSystem)
    t.match(timer, '\nOnUnitActiveSec=90000ms\nRandomizedDelaySec=8000ms\n')
    const mailed = unitsOf(again, { ...options, notify: await optionOf('notify', 'mail:a@b.c') }, isSystem).service
    t.notMatch(mailed, 'NoNewPrivileges', 'sendmail needs its group')
    const analyze = programIn('systemd-analyze')
    if (analyze === undefined) {
      t.pass('not verified', { skip: 'not verified' })
      continue
    }
    const folder = t.testdir({
      'a 5%.env': '',
      [`${unitName(again.name)}.service`]: service,
      [`${unitName(again.name)}.timer`]: timer,
    })
    const files = ['service', 'timer'].map((suffix) => join(folder, `${unitName(again.name)}.${suffix}`))
    const said = await new Promise<string>((resolve) => {
      const verify = ['verify', '--man=no', ...(isSystem ? [] : ['--user']), ...files]
      const env = { ...process.env, XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? folder }
      execFile(analyze, verify, { env }, (error, _, stderr) => resolve(`${error?.code ?? 0} ${stderr}`))
    })
    t.match(said, /^0 /)
    t.notMatch(said, unitName(again.name), 'no complaint about them')
  }
})

t.test('systemd: writes, enables and removes the units', async (t) => {
  const folder = join(t.testdir(), 'units')
  const told: string[] = []
  const place: UnitPlace = {
    folder,
    isSystem: false,
    systemctl: async (argv) => void told.push(argv.join(' ')),
  }
  const unit = unitName(again.name)
  t.same(await installUnits(place, again.name, unitsOf(again, options, false)), [])
  t.same(await installUnits(place, again.name, unitsOf(again, options, false)), [], 'again')
  t.same(told.slice(0, 3), ['daemon-reload', `enable ${unit}.timer`, `restart ${unit}.timer`])
  t.equal(statSync(join(folder, `${unit}.service`)).mode & 0o777, 0o600)
  t.same(namesOfUnits(place), [again.name])
  t.same(await removeUnits(place, again.name), [])
  t.same(told.slice(6), [`disable --now ${unit}.timer`, 'daemon-reload'])
  t.same(namesOfUnits(place), [])
  const silent = { ...place, systemctl: undefined }
  t.same(await installUnits(silent, again.name, unitsOf(again, options, false)), [
    'systemctl --user daemon-reload',
    `systemctl --user enable ${unit}.timer`,
    `systemctl --user restart ${unit}.timer`,
  ])
})

t.test('refuses files that exist only for this run, before writing anything', async (t) => {
  const { path, stored } = cronFolder(t)
  const folder = t.testdir({
    list: 'http://a.example\n',
    'list-of-secrets': 'http://a.example authorization=@/dev/stdin\n',
    'late-link': t.fixture('symlink', '/dev/stdin'),
    crontab: fakeCrontab,
  })
  const at = (name: string) => join(folder, name)
  execFileSync('mkfifo', [at('pipe')])
  const shell = (words: string) =>
    new Promise<Ended>((resolve) => {
      const line = `"$0" "$1" --install cron ${words}`
      const env = { ...process.env, PATH: path, XDG_CONFIG_HOME: at('config') }
      const child = execFile(
        'bash',
        ['-c', line, process.execPath, bundle],
        { cwd: folder, env },
        (_, stdout, stderr) => resolve({ code: child.exitCode ?? Number.NaN, stdout, stderr }),
      )
    })
  const cases: [string, RegExp][] = [
    [
      '--targets /dev/stdin <list',
      /^error: --install cron: --targets: \/dev\/stdin exists only for this run; use a file that stays\n$/,
    ],
    ['--targets <(cat list)', /--targets: \/dev\/fd\/\d+ exists only for this run/],
    ['--targets late-link <list', /--targets: \S+late-link exists only for this run/],
    [
      '--authorization @<(echo Bearer abcd) http://a.example',
      /--authorization: \/dev\/fd\/\d+ exists only for this run/,
    ],
    [
      '--targets list-of-secrets <<<"Bearer abcd"',
      /list-of-secrets:1: authorization: \/dev\/stdin exists only for this run/,
    ],
  ]
  for (const [words, stderr] of cases) {
    t.match(await shell(words), { code: 3, stdout: '', stderr }, words)
    t.notOk(existsSync(stored), words)
    t.notOk(existsSync(at('config')), words)
  }
  // It waits until something is written into the pipe.
  t.match(await shell('--targets pipe & cat list >pipe; wait'), { stderr: /--targets: \S+pipe is not a regular file/ })
  t.notOk(existsSync(stored))
})

t.test('warns of a file in a temporary folder', async (t) => {
  const { path } = cronFolder(t)
  const folder = mkdtempSync('/tmp/bakeroll-kept-')
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'list'), 'http://a.example\n')
  const { code, stdout } = await call(path, '--install', 'cron', '--targets', join(folder, 'list'))
  t.equal(code, 0)
  t.match(stdout, `\nwarning: ${folder}/list is read on every run, and files in /tmp may be cleaned up\n`)
})
