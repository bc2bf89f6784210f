// needs: openssl, prometheus
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { builtChecker } from '../checker/fixtures/bundle.ts'
import { freeUrl, startSocketService } from '../checker/fixtures/service.ts'

const folder = t.testdir()
const bundle = await builtChecker()

/** A program that says where it serves, ended with the test. */
function serving(t: Test, program: string, argv: readonly string[], said: RegExp): Promise<string> {
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      text += chunk
      const found = said.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(text)))
  })
}

/** An HTTPS service that answers below any path, and the file of its certificate. */
async function startSecureService(t: Test): Promise<{ url: string; certificate: string }> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=127.0.0.1'
  const name = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate]
  await execa('openssl', [...words.split(' '), ...name])
  const server = https.createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    ({ url }, response) => {
      response.end(url?.endsWith('/now') ? new Date().toISOString() : '1.4.0')
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, certificate }
}

t.test('Prometheus itself scrapes /probe of 20 targets with --ca: each scrape comes in time', async (t) => {
  const { url, certificate } = await startSecureService(t)
  const argv = [bundle, '--serve', '127.0.0.1:0', '--ca', certificate]
  const exporter = await serving(t, process.execPath, argv, /serving http:\/\/(\S+)\/metrics/)
  const silent = await startSocketService(t, () => {})
  const good = Array.from({ length: 18 }, (_, index) => `${url}/service-${index}`)
  const targets = [...good, await freeUrl(), silent]
  const config = join(folder, 'prometheus.json')
  const from = (source: string, target: string) => ({ source_labels: [source], target_label: target })
  const job = {
    job_name: 'time',
    metrics_path: '/probe',
    static_configs: [{ targets }],
    relabel_configs: [
      ...[from('__address__', '__param_target'), from('__param_target', 'instance')],
      { target_label: '__address__', replacement: exporter },
    ],
  }
  writeFileSync(
    config,
    JSON.stringify({ global: { scrape_interval: '3s', scrape_timeout: '3s' }, scrape_configs: [job] }),
  )
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, '--log.level=info']
  const listening = /Start listening for connections.* address=(127\S+:\d+)/
  const free = new URL(await freeUrl()).host
  await serving(t, 'prometheus', [...flags, `--web.listen-address=${free}`], listening)

  const value = async (query: string) => {
    const response = await fetch(`http://${free}/api/v1/query?query=${encodeURIComponent(query)}`)
    // It listens before it is ready.
    if (response.status === 503) return Number.NaN
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1] ?? Number.NaN)
  }
  // A first scrape may meet programs that still start; a busy computer takes longer, and the suite's limit ends it.
  const all = 'count(count_over_time(up{job="time"}[1m]) >= 2)'
  while ((await value(all)) !== 20) await new Promise((resolve) => setTimeout(resolve, 500))
  t.equal(await value('count(up == 1)'), 20)
  t.equal(await value('sum(probe_success)'), 18)
  t.equal(await value('count(bakeroll_check_certificate_end_timestamp_seconds > time())'), 18)
  t.equal(await value('count(min by (url) (bakeroll_check_ok) == 0)'), 2)
})

t.test('promtool minds nothing but the days, which have a timestamp beside them', async (t) => {
  const { url, certificate } = await startSecureService(t)
  const exporter = await serving(
    t,
    process.execPath,
    [bundle, '--serve', '127.0.0.1:0', '--ca', certificate, url],
    /serving (\S+)\/metrics/,
  )
  const input = await (await fetch(`${exporter}/metrics`)).text()
  const { stdout, stderr } = await execa('promtool', ['check', 'metrics'], { input, reject: false })
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line !== '')
  t.same(said, ['bakeroll_check_certificate_days_left use base unit "seconds" instead of "days"'])
})
