import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { buildChecker } from './build.ts'

t.test('packages that are packed as text can be imported without node_modules, by the system Node, too', async (t) => {
  const folder = t.testdir()
  const bundle = readFileSync(await buildChecker(join(folder, 'check.mjs')), 'utf8')
  const packed = bundle.match(/data:text\/javascript;base64,[\w+/=]+/g) ?? []
  const sources = [...new Set(packed)].map((url) => JSON.stringify(url))
  // Never the url itself: it is a megabyte.
  const tell = 'import(url).then((found) => console.log(Object.keys(found).join(" ")), (e) => console.log(e.message))'
  writeFileSync(join(folder, 'try.mjs'), `for (const url of [${sources}]) await ${tell}\n`)
  const nodes = [process.execPath, ...(existsSync('/usr/bin/node') ? ['/usr/bin/node'] : [])]
  for (const node of nodes) {
    const { stdout } = await promisify(execFile)(node, [join(folder, 'try.mjs')], { cwd: folder })
    for (const name of ['createTransport', 'SNSClient', 'PublishCommand', 'Registry', 'collectDefaultMetrics'])
      t.ok(stdout.split(/\s+/).includes(name), name)
  }
})
