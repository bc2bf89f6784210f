// needs: nginx
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { nginxMissing } from '../../nginx/nginx-fixture.ts'
import type { Settings } from '../settings/settings.ts'
import { usualSettings } from '../settings/settings-fixture.ts'
import { homeAt } from './home.ts'
import { imageContent, plannedContent, releaseFiles } from './image-content.ts'

const warnings: string[] = []

function run(home: string) {
  return {
    release: '1.4.0',
    home: homeAt(home),
    progress: {
      event() {},
      live() {},
      step: (_name: string, work: () => Promise<never>) => work(),
      warn: (message: string) => void warnings.push(message),
    },
    signal: new AbortController().signal,
  }
}

function settingsWith(service: Partial<Settings['service']>, image: Partial<Settings['image']> = {}): Settings {
  const usual = usualSettings()
  return { ...usual, service: { ...usual.service, ...service }, image: { ...usual.image, ...image } }
}

t.test("wrong lines of nginx and absent roles are refused before the user's build runs", async (t) => {
  const folder = t.testdir({ 'shop.conf': 'gzip on;\n}\n' })
  const built = join(folder, 'built')
  const service = { archive: join(folder, 'shop.tar'), build: `touch '${built}'` }
  const absent = { path: folder, base: [], release: ['shop'] }
  for (const content of [imageContent, plannedContent]) {
    const nginx = join(folder, 'shop.conf')
    await t.rejects(content(settingsWith({ ...service, nginx }), run(folder)), {
      kind: 'usage',
      message: `${nginx}:2: "}" closes a block that was not opened`,
    })
    await t.rejects(content(settingsWith(service, { roles: absent }), run(folder)), {
      kind: 'usage',
      message: /^there is no role shop/,
    })
  }
  t.notOk(existsSync(built))
})

t.test("an image's nginx asks where the service listens, with the user's limits", async (t) => {
  const folder = t.testdir({ 'shop.conf': 'gzip on; # ours\n' })
  const service = { port: 4567, bodyLimit: '50m', answerTimeoutSeconds: 90, versionPath: '/version' }
  const settings = settingsWith({ ...service, network: 'host', nginx: join(folder, 'shop.conf') })
  const { nginx_conf } = releaseFiles(await imageContent(settings, run(folder)))
  for (const line of [
    'server 127.0.0.1:4567 ',
    'client_max_body_size 50m;',
    'proxy_read_timeout 90s;',
    'gzip on; # ours',
  ]) {
    t.ok(nginx_conf.includes(line), line)
  }
  t.notOk(nginx_conf.includes('/version.txt'))
})

t.test('what only nginx knows to be wrong is a warning', { skip: nginxMissing }, async (t) => {
  const folder = t.testdir({ 'shop.conf': 'gzip on;\ngzipp on;\n' })
  const nginx = join(folder, 'shop.conf')
  await imageContent(settingsWith({ nginx }), run(folder))
  t.strictSame(warnings, [`the nginx of this computer refuses ${nginx}:2: unknown directive "gzipp"`])
})
