import { OperatorError } from '../lib/errors.ts'

/** Current outages of the simulated platform. Moments are Unix milliseconds; 0 is never. */
export interface Outages {
  /** Launches are refused until then. */
  launchUntilMs: number
  /** The reason. */
  launchBecause: string
  /** The most machines that the group may have. */
  maximum: number
  /** The control channel of the load balancer is down until then; requests are still served. */
  controlUntilMs: number
  /** The group's record cannot be written until then. */
  diskUntilMs: number
  /** The last launch was refused. */
  isRefusing: boolean
}

/** Everything works. */
export function noOutages(): Outages {
  return {
    launchUntilMs: 0,
    launchBecause: '',
    maximum: Number.POSITIVE_INFINITY,
    controlUntilMs: 0,
    diskUntilMs: 0,
    isRefusing: false,
  }
}

/** Throws when the platform cannot launch one more machine than `machines`. */
export function refuseLaunch(outages: Outages, machines: number, nowMs: number): void {
  refuseControl(outages, nowMs)
  if (nowMs < outages.launchUntilMs) throw refusal(outages.launchBecause)
  if (machines >= outages.maximum) throw refusal(`the group is at its maximum of ${outages.maximum} machines`)
}

/** Throws when the control channel of the load balancer is down. */
export function refuseControl({ controlUntilMs }: Outages, nowMs: number): void {
  if (nowMs < controlUntilMs) throw refusal("the load balancer's control channel is down")
}

/** Throws when the group's record cannot be written. */
export function refuseWrite({ diskUntilMs }: Outages, nowMs: number): void {
  if (nowMs < diskUntilMs) throw refusal('no space left on device, write')
}

function refusal(message: string): OperatorError {
  return new OperatorError('failed', message)
}
