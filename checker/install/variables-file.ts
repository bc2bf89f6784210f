import { mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { writeAtomically } from '../atomic-file.ts'

/** The variables file of an installed check. For root in a fixed folder, whatever its environment says. */
export function variablesFile(by: 'cron' | 'systemd', name: string): string {
  const folder = process.getuid?.() === 0 ? '/etc' : process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  return join(folder, 'bakeroll', `check-${name}.${by}.env`)
}

/** Writes the file, readable by its owner only, or removes it when there are no variables; returns its path if it exists. */
export function keepVariables(path: string, variables: Readonly<Record<string, string>>): string | undefined {
  if (Object.keys(variables).length === 0) {
    rmSync(path, { force: true })
    return undefined
  }
  const text = variablesText(variables)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeAtomically(path, text, { mode: 0o600 })
  return path
}

/** In a form that a shell and systemd both read: double quotes may span lines. */
export function variablesText(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    // systemd rejects it; a shell may not.
    if (/[^\P{Cc}\n\t]/u.test(value))
      throw new Error(`${name} contains a control character, which this file cannot hold`)
    return `${name}="${value.replace(/[\\"$`]/g, '\\$&')}"\n`
  })
  return [
    '# Variables of a bakeroll check; written by check --install, removed by check --uninstall.\n',
    ...lines,
  ].join('')
}
