import { dirname, resolve } from 'node:path'
import type { CheckOptions } from '../options/options.ts'
import type { CallAgain } from './again.ts'
import { systemdCommand } from './quoting.ts'

/** The two units of one check, by the names of their files. */
export interface Units {
  readonly service: string
  readonly timer: string
}

/** What the files of the units of a check are called, without their suffixes. */
export function unitName(name: string): string {
  return `bakeroll-check-${name}`
}

/**
 * The units that call a check every so often; `isSystem` is true for those that root owns, and `variables` the file of what
 * the check needs of its environment.
 */
export function unitsOf(call: CallAgain, options: CheckOptions, isSystem: boolean, variables?: string): Units {
  return { service: serviceOf(call, options, isSystem, variables), timer: timerOf(call, options) }
}

function serviceOf(
  { name, words, isOfGroup }: CallAgain,
  options: CheckOptions,
  isSystem: boolean,
  variables: string | undefined,
): string {
  return [
    '[Unit]',
    `Description=bakeroll check ${name}`,
    // A unit of a user cannot wait for one of the system.
    ...(isSystem ? ['Wants=network-online.target', 'After=network-online.target time-sync.target'] : []),
    '',
    '[Service]',
    'Type=oneshot',
    ...(variables === undefined ? [] : [`EnvironmentFile=${variables.replaceAll('%', '%%')}`]),
    `ExecStart=${systemdCommand(words)}`,
    '# 1 is a warning; critical and unknown leave the unit failed.',
    'SuccessExitStatus=1',
    `TimeoutStartSec=${Math.ceil(options.timeoutMs / 1000) + 15}`,
    'Nice=5',
    ...(isOfGroup ? [] : hardening(options, isSystem)),
    '',
  ].join('\n')
}

/** Counted from the start before, so that every interval is possible; one that was missed is not made up for, it would tell of now. */
function timerOf({ name }: CallAgain, { everyMs, timeoutMs }: CheckOptions): string {
  const jitterMs = Math.min(60_000, Math.floor((everyMs - timeoutMs) / 10))
  return [
    '[Unit]',
    `Description=bakeroll check ${name}, again and again`,
    '',
    '[Timer]',
    'OnActiveSec=1s',
    'OnBootSec=30s',
    `OnUnitActiveSec=${everyMs}ms`,
    `RandomizedDelaySec=${jitterMs}ms`,
    `AccuracySec=${Math.min(1000, everyMs)}ms`,
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n')
}

/** What a check that sends no mail and runs no command never needs; those two may need anything. */
function hardening(options: CheckOptions, isSystem: boolean): string[] {
  if (options.notify?.some(({ kind }) => kind === 'mail' || kind === 'command')) return []
  const always = [
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  ]
  // The others need what only the system's own systemd may do.
  if (!isSystem) return always
  const written = ['output', 'badge', 'page', 'state', 'historyFile'] as const
  const folders = new Set(
    written.flatMap((key) => (options[key] === undefined ? [] : [dirname(resolve(options[key]))])),
  )
  return [
    ...always,
    'ProtectSystem=strict',
    ...[...folders].map((folder) => `ReadWritePaths=${systemdCommand([folder])}`),
    'PrivateDevices=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    'ProtectControlGroups=yes',
    'RestrictNamespaces=yes',
    'SystemCallArchitectures=native',
  ]
}
