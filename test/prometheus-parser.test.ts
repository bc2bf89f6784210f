// needs: .venv/prometheus
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { builtChecker } from '../checker/fixtures/bundle.ts'
import { freeUrl, startService, timeService } from '../checker/fixtures/service.ts'
import { ensureVenv } from '../tasks/tools/python-venv.ts'

const quiet = { event() {}, step: <T>(_: string, work: () => Promise<T>) => work(), live() {}, warn() {} }
const python = join(await ensureVenv('prometheus', quiet), 'python')
const bundle = await builtChecker()

/** Prints each family with its samples, as the parser of the official client library reads them. */
const program = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(json.dumps([[f.name, f.type, f.documentation, [[s.name, s.labels, s.value] for s in f.samples]] for f in families]))
`

type Sample = [name: string, labels: Record<string, string>, value: number]
type Family = [name: string, type: string, help: string, samples: Sample[]]

async function families(t: Test, text: string): Promise<Map<string, Sample[]>> {
  const { stdout } = await execa(python, ['-c', program], { input: text })
  const found: Family[] = JSON.parse(stdout)
  for (const [name, type, help] of found) t.ok(type !== 'unknown' && help !== '', `${name} has a type and a help`)
  t.equal(new Set(found.map(([name]) => name)).size, found.length, 'each family is there once')
  return new Map(found.map(([name, , , samples]) => [name, samples]))
}

t.test('--format prometheus', async (t) => {
  const good = await startService(t, timeService())
  const bad = await freeUrl()
  const argv = [bundle, good, bad, '--format', 'prometheus', '--expect-version', '1."\\4']
  const { stdout } = await execa(process.execPath, argv, { reject: false, stripFinalNewline: false })
  const found = await families(t, stdout)
  t.same(
    found.get('bakeroll_check_ok')?.map(([, { url }, value]) => [url, value]),
    [
      [good, 0],
      [bad, 0],
    ],
  )
  t.match(found.get('bakeroll_check_version_info')?.[0]?.[1], { url: good, found: '1.4.0', expected: '1."\\4' })
})

t.test('the exporter says the same on /metrics and /probe', async (t) => {
  const service = await startService(t, timeService())
  const argv = [bundle, '--serve', '127.0.0.1:0', service, '--expect-version', '1."\\4']
  const exporter = execa(process.execPath, argv, { reject: false })
  t.teardown(() => exporter.kill('SIGKILL'))
  const url = await new Promise<string>((resolve) => {
    exporter.stderr.on('data', (chunk) => {
      const said = /serving (\S+)\/metrics/.exec(String(chunk))?.[1]
      if (said !== undefined) resolve(said)
    })
  })
  for (const path of ['/metrics', `/probe?target=${service}`]) {
    const found = await families(t, await (await fetch(url + path)).text())
    const labels = { url: service, address: '127.0.0.1' }
    t.same(found.get('bakeroll_check_verdict'), [['bakeroll_check_verdict', labels, 2]], path)
    t.match(found.get('bakeroll_check_version_info')?.[0]?.[1], { found: '1.4.0', expected: '1."\\4' }, path)
    const own = path === '/metrics' ? 'bakeroll_check_run_duration_seconds' : 'probe_success'
    t.equal(found.get(own)?.length, 1, own)
  }
})
