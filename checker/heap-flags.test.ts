import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { builtChecker } from './fixtures/bundle.ts'
import { freeUrl, startService } from './fixtures/service.ts'

/** The peak memory of a Node process, and its output. */
async function peakOf(...words: string[]): Promise<{ mib: number; said: string }> {
  const tell = `data:text/javascript,import{writeSync}from'node:fs';
    process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS/1024)))`
  const child = spawn(process.execPath, ['--import', tell, ...words], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const heard = ['', '']
  for (const [at, pipe] of [child.stdio[1], child.stdio[3]].entries()) {
    pipe?.on('data', (chunk) => {
      heard[at] += chunk
    })
  }
  await once(child, 'close')
  return { mib: Number(heard[1]), said: heard[0] ?? '' }
}

t.test('1,000 targets take little more memory than a bare Node', async (t) => {
  const folder = t.testdir()
  const bundle = await builtChecker()
  const service = await startService(t, (_, response) => response.end(`${Date.now()}`))
  const list = join(folder, 'targets')
  writeFileSync(list, Array.from({ length: 1000 }, (_, at) => `${service}/${at}\n`).join(''))
  const bare = await peakOf('-e', '0')
  const check = await peakOf(bundle, '--ntp', 'none', '--timeout', '60s', '--targets', list)
  t.match(check.said, 'all 1000 targets ok')
  t.ok(check.mib < bare.mib + 32, `${check.mib.toFixed(1)} MiB, ${bare.mib.toFixed(1)} MiB bare`)
})

t.test("an exporter's heap for new objects stays small over many probes", async (t) => {
  const bundle = await builtChecker()
  const child = spawn(process.execPath, [bundle, '--serve', '127.0.0.1:0', '--ntp', 'none'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stderr, 'data')
  const [url] = /http:\/\/[^/]+/.exec(`${said}`) ?? []
  const dead = await freeUrl()
  const ask = async (path: string) => (await fetch(`${url}${path}`)).text()
  let left = 4000
  const someone = async () => {
    while (left-- > 0) await ask(`/probe?target=${dead}`)
  }
  await Promise.all(Array.from({ length: 32 }, someone))
  const mib = Number(/heap_space_size_total_bytes\{space="new"\} (\d+)/.exec(await ask('/metrics'))?.[1]) / 1024 ** 2
  t.ok(mib <= 8, `${mib} MiB`)
})
