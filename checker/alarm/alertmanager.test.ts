import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { programIn } from '../programs.ts'
import { sendToWebhook } from './channels/webhook.ts'
import { noticeOf } from './fixtures/notices.ts'

const never = new AbortController().signal
const guide = readFileSync(new URL('../../docs/checker.md', import.meta.url), 'utf8')
const program = programIn('prometheus-alertmanager') ?? programIn('alertmanager')

interface Alert {
  readonly endsAt: string
  readonly labels: Record<string, string>
}

t.test(
  'Alertmanager accepts the template from the guide',
  { skip: program === undefined && 'no alertmanager here' },
  async (t) => {
    const [, template = ''] = /```json\n(\[\{"labels"[\s\S]*?)```/.exec(guide) ?? []
    const folder = t.testdir({ 'am.yml': 'route: {receiver: none}\nreceivers: [{name: none}]\n' })
    const argv = [`--config.file=${join(folder, 'am.yml')}`, `--storage.path=${join(folder, 'data')}`]
    const alone = ['--web.listen-address=127.0.0.1:0', '--cluster.listen-address=']
    const child = spawn(program ?? '', [...argv, ...alone], { stdio: ['ignore', 'ignore', 'pipe'] })
    t.teardown(() => child.kill('SIGKILL'))
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    let address: string | undefined
    while (address === undefined) {
      await once(child.stderr, 'data')
      address = /msg="?Listening on"? address=(\S+)/.exec(said)?.[1]
    }
    const api = `http://${address}/api/v2/alerts`
    const alerts = async () => (await (await fetch(api)).json()) as Alert[]
    const send = (kind: 'alarm' | 'recovered', at: string) =>
      sendToWebhook(api, template, { key: 'k', notices: [noticeOf({ kind, at })] }, never)
    const nowMs = Date.now()
    await send('alarm', new Date(nowMs - 60_000).toISOString())
    const [alert] = await alerts()
    t.match(alert?.labels, { alertname: 'BakerollCheck', url: 'http://a' })
    t.ok(Date.parse(alert?.endsAt ?? '') > nowMs + 86_400_000, 'does not resolve by itself')
    await send('recovered', new Date(nowMs - 1000).toISOString())
    while ((await alerts()).length > 0) await new Promise((resolve) => setTimeout(resolve, 100))
    t.same(await alerts(), [], 'is resolved by the recovery')
  },
)
