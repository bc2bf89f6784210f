import { mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { writeAtomically } from '../atomic-file.ts'

/** Where the variables of an installed check lie. Root's are in no folder that its environment may name. */
export function variablesFile(by: 'cron' | 'systemd', name: string): string {
  const folder = process.getuid?.() === 0 ? '/etc' : process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  return join(folder, 'bakeroll', `check-${name}.${by}.env`)
}

/** Writes the file, which its owner alone can read, or removes it where there are no variables; gives its path if it is there. */
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

/** Variables as a shell and systemd both read them: what stands between double quotes may have several lines. */
export function variablesText(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => {
    // systemd refuses it, and a shell may not.
    if (/[^\P{Cc}\n\t]/u.test(value)) throw new Error(`${name} holds a control character, which no such file can`)
    return `${name}="${value.replace(/[\\"$`]/g, '\\$&')}"\n`
  })
  return ['# Of a bakeroll check; written by check --install, removed by check --uninstall.\n', ...lines].join('')
}
