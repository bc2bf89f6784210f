import { dirname, resolve } from 'node:path'
import type { CheckOptions } from '../options/options.ts'
import type { CallAgain } from './again.ts'
import { systemdCommand } from './quoting.ts'

/** The contents of both units. */
export interface Units {
  readonly service: string
  readonly timer: string
}

/** The name of a check's unit files, without suffix. */
export function unitName(name: string): string {
  return `bakeroll-check-${name}`
}

/** The units that run a check at an interval; `isSystem`: owned by root; `variables`: the file of environment variables. */
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
    // A user's unit cannot wait for a system unit.
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

/**
 * Counts from the previous start, so that every interval is possible. A missed run is not made up for: it would report a later
 * time.
 */
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

/** Restrictions for a check that sends no mail and runs no command; those two may need anything. */
function hardening(options: CheckOptions, isSystem: boolean): string[] {
  if (options.notify?.some(({ kind }) => kind === 'mail' || kind === 'command')) return []
  const always = [
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  ]
  // The others need privileges of the system's own systemd.
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
