import { OperatorError } from '../lib/errors.ts'
import type { InnerRepair, Inspection } from '../lib/heal/planner.ts'
import { runOver } from './ssh.ts'

/** The name of the service's container on every instance. */
const container = 'service'

/** One look at everything that a repair may depend on, as `name value` lines. */
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
 * Reboots a machine after this connection to it has ended in good order. By default a timer of systemd may come up to a
 * minute late (AccuracySec=, systemd.timer(5)).
 */
export const rebootScript = 'systemd-run --quiet --on-active=1 --timer-property=AccuracySec=100ms systemctl reboot'

/** What repairs a part, from the smallest up; each leaves what is right alone. */
export const repairScripts: Record<InnerRepair, string> = {
  nginx: 'systemctl reset-failed nginx; systemctl restart nginx',
  container: `docker unpause ${container} 2>/dev/null; docker restart --time 10 ${container}`,
  docker: `systemctl reset-failed docker; systemctl restart docker && docker start ${container}`,
  // With chrony starts what gives it the time where no time server can be reached. Without either, the machine's own clock is
  // the best there is (hwclock(8)).
  time: `systemctl reset-failed chrony; systemctl restart chrony
chronyc waitsync 24 0.5 0 5 >/dev/null || hwclock --hctosys --utc --noadjfile`,
  reboot: rebootScript,
}

/** The units that count as working or not; everything between, `activating` say, is what it will become: down. */
const unitStates = { active: 'active', failed: 'failed' } as const

/** Looks into an instance over SSH; an instance that cannot be reached is an answer. */
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

/** Reads the answer of the inspection; a part that it does not name is absent. */
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

/** Does one repair on an instance over SSH; throws an OperatorError with what the instance said when it fails. */
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
