import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { askDaemon } from './daemon.ts'

const chronyRight = 'C0000201,ntp.example,3,1795286078.1,-0.000500,0.0,0.0,0,0,0,0.010,0.002,64.0,Normal'
const ntpRight = `associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,
leap=00, stratum=3, rootdelay=8.0, rootdisp=2.0, refid=192.0.2.1,
reftime=ec000000.00000000, clock=ec000064.00000000, peer=1, tc=6, offset=-0.5, frequency=1.0`

/** A folder with programs that print this, like those of a time service. */
function programs(t: Test, scripts: Record<string, string>): string[] {
  const folder = t.testdir(
    Object.fromEntries(Object.entries(scripts).map(([name, script]) => [name, `#!/bin/sh\n${script}\n`])),
  )
  for (const name of Object.keys(scripts)) chmodSync(join(folder, name), 0o755)
  return [folder]
}

const saying = (text: string) => `cat <<'END'\n${text}\nEND`

const table: [string, Record<string, string>, object][] = [
  ['no time service', {}, { state: 'unmeasured' }],
  [
    'chrony: ahead by 0.5 ms',
    { chronyc: `[ "$*" = "-c tracking" ] && ${saying(chronyRight)}` },
    { state: 'trusted', offsetMs: 0.5, errorMs: 7, source: 'chrony (ntp.example)' },
  ],
  ['chronyc without chronyd', { chronyc: 'echo 506 Cannot talk to daemon; exit 1' }, { state: 'unmeasured' }],
  [
    'chrony without a source',
    { chronyc: saying('00000000,,0,0.0,0.0,0.0,0.0,0,0,0,1.0,1.0,0.0,Not synchronised') },
    { state: 'unknown', reason: 'chrony is not synchronised' },
  ],
  [
    'chrony that follows its own clock',
    { chronyc: saying(chronyRight.replace('C0000201', '7F7F0101')) },
    { state: 'unknown', reason: 'chrony follows its own clock' },
  ],
  [
    'chrony with a bound that is not a number',
    { chronyc: saying(chronyRight.replace('0.010', 'x')) },
    { state: 'unknown', reason: 'chrony (ntp.example) tells no bound' },
  ],
  [
    'ntpd, when chronyc cannot reach chronyd',
    { chronyc: 'exit 1', ntpq: `[ "$*" = "-c rv" ] && ${saying(ntpRight)}` },
    { state: 'trusted', offsetMs: 0, errorMs: 16.5, source: 'ntpd (192.0.2.1)' },
  ],
  [
    'ntpd that is not synchronised',
    { ntpq: saying(ntpRight.replace('leap=00', 'leap=11')) },
    { state: 'unknown', reason: 'ntpd is not synchronised' },
  ],
  [
    'ntpd that follows its own clock',
    { ntpq: saying(ntpRight.replace('192.0.2.1', 'LOCAL(0)')) },
    { state: 'unknown', reason: 'ntpd follows its own clock' },
  ],
  ['ntpq without ntpd', { ntpq: 'echo "ntpq: read: Connection refused"' }, { state: 'unmeasured' }],
]

for (const [name, scripts, expected] of table) {
  t.test(name, async (t) => t.same(await askDaemon(60_000, programs(t, scripts)), expected))
}

t.test('does not wait for a program that hangs or for its children; the clock is unknown', async (t) => {
  t.same(await askDaemon(50, programs(t, { chronyc: 'sleep 5; true' })), {
    state: 'unknown',
    reason: 'chronyc does not answer within 50 ms',
  })
})
