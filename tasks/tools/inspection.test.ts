import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import type { Inspection } from '../lib/heal/planner.ts'
import { limitsAt } from '../lib/pace.ts'
import { inspectionFrom, inspectOver, inspectScript, repairOver, repairScripts } from './inspection.ts'
import { onPath } from './path-fixture.ts'

t.test('answers of an instance', async (t) => {
  const well = 'nginx active\ndocker active\ntime active\n'
  const right = { ssh: 'reachable', nginx: 'active', docker: 'active', time: 'active' } as const
  const cases: [answer: string, expected: Inspection][] = [
    [`${well}container running\n`, { ...right, container: 'running' }],
    [`${well}container paused\n`, { ...right, container: 'paused' }],
    [`${well}container restarting\n`, { ...right, container: 'restarting' }],
    [`${well}container missing\n`, { ...right, container: 'missing' }],
    [`${well}container exited\n`, { ...right, container: 'exited' }],
    [`${well}container created\n`, { ...right, container: 'exited' }],
    [`${well}container dead\n`, { ...right, container: 'exited' }],
    [`${well}container \n`, right],
    [well, right],
    [
      'nginx failed\ndocker inactive\ntime unknown\n',
      { ssh: 'reachable', nginx: 'failed', docker: 'inactive', time: 'inactive' },
    ],
    ['nginx activating\ndocker deactivating\n', { ssh: 'reachable', nginx: 'inactive', docker: 'inactive' }],
    ['nginx \n', { ssh: 'reachable' }],
    ['', { ssh: 'reachable' }],
    ['Last login: today\nnginx active', { ssh: 'reachable', nginx: 'active' }],
  ]
  for (const [answer, expected] of cases) t.strictSame(inspectionFrom(answer), expected, answer)
})

/** As systemd: `is-active UNIT` prints the state and ends with 3 unless it is active. */
const systemctl = (state: string) => `[ "$2" = --quiet ] || echo ${state}; [ ${state} = active ] || exit 3`

t.test('a container with secrets is made anew by its unit, any other is started', async (t) => {
  const calls = async (repair: 'container' | 'docker', hasUnit: boolean) => {
    const say = 'echo "$(basename "$0") $*" >>"$(dirname "$0")/calls"'
    const systemctl = `${say}\n[ "$1" != is-enabled ] || exit ${hasUnit ? 0 : 1}`
    const folder = onPath(t, { systemctl, docker: say })
    writeFileSync(join(folder, 'calls'), '')
    t.match(await execa('sh', ['-s'], { input: repairScripts[repair], reject: false }), { exitCode: 0 })
    const all = readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n')
    return all.filter((call) => !call.includes('is-enabled'))
  }
  const daemon = ['systemctl reset-failed docker', 'systemctl restart docker']
  t.strictSame(await calls('container', true), ['docker unpause service', 'systemctl restart bakeroll-service'])
  t.strictSame(await calls('container', false), ['docker unpause service', 'docker restart --time 10 service'])
  t.strictSame(await calls('docker', true), [...daemon, 'systemctl restart bakeroll-service'])
  t.strictSame(await calls('docker', false), [...daemon, 'docker start service'])
})

t.test('the script itself, on stand-ins of systemctl and docker', async (t) => {
  const cases: [what: string, state: string, docker: string, expected: Inspection][] = [
    [
      'well',
      'active',
      'echo running',
      { ssh: 'reachable', nginx: 'active', docker: 'active', time: 'active', container: 'running' },
    ],
    [
      'a missing container: docker prints an empty line and fails',
      'active',
      'echo; echo "Error: No such object: service" >&2; exit 1',
      { ssh: 'reachable', nginx: 'active', docker: 'active', time: 'active', container: 'missing' },
    ],
    [
      'a stopped docker is not asked',
      'failed',
      'exit 9',
      { ssh: 'reachable', nginx: 'failed', docker: 'failed', time: 'failed' },
    ],
  ]
  for (const [what, state, docker, expected] of cases) {
    onPath(t, { systemctl: systemctl(state), docker })
    const { stdout, stderr } = await execa('sh', ['-s'], { input: inspectScript })
    t.strictSame(inspectionFrom(stdout), expected, what)
    t.equal(stderr, '', what)
  }
})

t.test('every repair is a script that a shell understands', async (t) => {
  for (const [repair, script] of Object.entries(repairScripts)) {
    const { exitCode, stderr } = await execa('sh', ['-n'], { input: script, reject: false })
    t.strictSame([exitCode, stderr], [0, ''], repair)
  }
})

const limit = { timeoutSeconds: 60 }

t.test('the longest wait in a repair is shorter than its time limit, on the quickest computer too', async (t) => {
  const [, tries, seconds] = /waitsync (\d+) \S+ \S+ (\d+)/.exec(repairScripts.time) ?? []
  t.ok(Number(tries) * Number(seconds) > 0)
  t.ok(limitsAt(1).repairSeconds > Number(tries) * Number(seconds))
})

t.test('an instance that cannot be reached is an answer; a stop is none', async (t) => {
  onPath(t, { ssh: 'echo "Connection refused" >&2; exit 255' })
  t.strictSame(await inspectOver(['admin@h'], limit), { ssh: 'unreachable' })
  const stopped = { kind: 'interrupted', message: /stopped/ }
  await t.rejects(inspectOver(['admin@h'], { ...limit, signal: AbortSignal.abort() }), stopped)
})

t.test('an inspection over ssh', async (t) => {
  onPath(t, { ssh: 'shift; sh', systemctl: systemctl('active'), docker: 'echo paused' })
  t.match(await inspectOver(['admin@h'], limit), { ssh: 'reachable', nginx: 'active', container: 'paused' })
})

t.test('a repair that fails tells what the instance said last', async (t) => {
  onPath(t, { ssh: 'sh', systemctl: 'echo "$*"' })
  await repairOver(['admin@h'], 'nginx', limit)
  onPath(t, { ssh: 'sh', systemctl: 'echo first >&2; echo "Job for nginx failed." >&2; exit 1' })
  await t.rejects(repairOver(['admin@h'], 'nginx', limit), { kind: 'failed', message: 'nginx: Job for nginx failed.' })
  onPath(t, { ssh: 'sh', 'systemd-run': 'exit 7' })
  await t.rejects(repairOver(['admin@h'], 'reboot', limit), { kind: 'failed', message: 'reboot: exit code 7' })
})
