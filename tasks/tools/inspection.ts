import { OperatorError } from '../lib/errors.ts'
import type { InnerRepair, Inspection } from '../lib/heal/planner.ts'
import { runOver } from './ssh.ts'

/** The service's container on every instance. */
const container = 'service'

/** Reports everything that a repair may depend on, as `name value` lines. */
export const inspectScript = `
for unit in nginx docker; do echo "$unit $(systemctl is-active "$unit")"; done
echo "time $(systemctl is-active chrony)"
if systemctl is-active --quiet docker; then
  # Of a container that is not there, docker says an empty line.
  state=$(docker inspect --format '{{.State.Status}}' ${container} 2>/dev/null) || state=missing
  echo "container $state"
fi
`

/**
 * Reboots a machine once this connection has closed cleanly. By default a systemd timer may be up to a minute late
 * (AccuracySec=, systemd.timer(5)).
 */
export const rebootScript = 'systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot'

/** A container with secrets is made by its unit, which fetches them anew; any other is there already. */
const starting = (start: string) => `
if systemctl is-enabled --quiet bakeroll-service 2>/dev/null; then systemctl restart bakeroll-service
else ${start}; fi`

/** Repairs, smallest first; each leaves healthy parts alone. */
export const repairScripts: Record<InnerRepair, string> = {
  nginx: 'systemctl reset-failed nginx; systemctl restart nginx',
  container: `docker unpause ${container} 2>/dev/null${starting(`docker restart --time 10 ${container}`)}`,
  docker: `systemctl reset-failed docker; systemctl restart docker || exit${starting(`docker start ${container}`)}`,
  // chrony also starts its time source for machines without a time server. Without either, the machine's own clock is
  // the best available (hwclock(8)).
  time: `systemctl reset-failed chrony; systemctl restart chrony
chronyc waitsync 24 0.5 0 5 >/dev/null || hwclock --hctosys --utc --noadjfile`,
  reboot: rebootScript,
}

/** All other states, such as `activating`, count as down. */
const unitStates = { active: 'active', failed: 'failed' } as const

/** Inspects an instance over SSH; `unreachable` is a result, not an error. */
export async function inspectOver(
  sshArguments: readonly string[],
  limit: { readonly timeoutSeconds: number; readonly signal?: AbortSignal },
): Promise<Inspection> {
  try {
    const { stdout } = await runOver(sshArguments, inspectScript, limit)
    return inspectionFrom(stdout)
  } catch (error) {
    if (error instanceof OperatorError && error.kind !== 'interrupted') return { ssh: 'unreachable' }
    throw error
  }
}

/** Parts that the answer does not mention are absent. */
export function inspectionFrom(answer: string): Inspection {
  const said = new Map(answer.split('\n').map((line) => line.split(' ', 2) as [string, string | undefined]))
  const unit = (name: string) => {
    const state = said.get(name)
    if (!state) return {}
    return { [name]: unitStates[state as keyof typeof unitStates] ?? 'inactive' }
  }
  return { ssh: 'reachable', ...unit('nginx'), ...unit('docker'), ...unit('time'), ...containerState(said) }
}

function containerState(said: Map<string, string | undefined>): Pick<Inspection, 'container'> {
  const state = said.get('container')
  if (!state) return {}
  const known = ['running', 'paused', 'missing', 'restarting'] as const
  return { container: known.find((name) => name === state) ?? 'exited' }
}

/** Runs one repair over SSH; throws an OperatorError with the instance's message when it fails. */
export async function repairOver(
  sshArguments: readonly string[],
  repair: InnerRepair,
  limit: { readonly timeoutSeconds: number; readonly signal?: AbortSignal },
): Promise<void> {
  const answer = await runOver(sshArguments, repairScripts[repair], limit)
  if (answer.exitCode === 0) return
  const said = answer.stderr.trim().split('\n').at(-1) ?? ''
  throw new OperatorError('failed', `${repair}: ${said || `exit code ${answer.exitCode}`}`)
}
