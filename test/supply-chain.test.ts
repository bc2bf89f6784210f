import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const json = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8'))

t.test('every npm package is locked by its bytes, and none runs a script when it is installed', (t) => {
  const { packages } = json('package-lock.json') as {
    packages: Record<string, { integrity?: string; hasInstallScript?: boolean }>
  }
  const { allowScripts } = json('package.json')
  t.match(
    readFileSync(join(import.meta.dirname, '../.npmrc'), 'utf8'),
    /^ignore-scripts=true$/m,
    'also for an older npm',
  )
  for (const [path, { integrity, hasInstallScript }] of Object.entries(packages)) {
    if (path === '') continue
    t.match(integrity, /^sha512-[\w+/]{86}==$/, path)
    const name = path.replace(/^.*node_modules\//, '')
    if (hasInstallScript === true) t.equal(allowScripts[name], false, `${name} has a script, which stays off`)
  }
  t.end()
})
