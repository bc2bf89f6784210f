// `node locked-packages.mjs [--omit=dev]`, in the folder of package-lock.json: exit code 0 when node_modules holds the packages of
// the lock, whoever installed them, by the record that npm keeps there. For any Node, because it may run before the locked one
// is there. An optional package may be absent: most are for other systems.
import { readFileSync } from 'node:fs'

const isWithoutDev = process.argv.includes('--omit=dev')

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}

const installed = packagesIn('node_modules/.package-lock.json')
const isRight = Object.entries(packagesIn('package-lock.json')).every(
  ([path, { version, integrity, dev, optional }]) => {
    if (path === '' || (isWithoutDev && dev)) return true
    const found = installed[path]
    return found === undefined ? optional === true : found.version === version && found.integrity === integrity
  },
)
process.exitCode = isRight ? 0 : 1
