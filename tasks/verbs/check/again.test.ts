import t from 'tap'
import type { Settings } from '../../settings/settings.ts'
import { callAgain } from './again.ts'

const settings = {
  platform: 'aws',
  group: 'web',
  home: '/h',
  config: '/c/bakeroll.config.ts',
  check: { instances: true },
} as unknown as Settings

t.test('urls are checked by the checker alone', (t) => {
  const { words, group } = callAgain(settings, true, { BAKEROLL_HOME: '/h' })
  t.match(words, [process.execPath, /^\/.*\/checker\/main\.ts$/])
  t.same([words.length, group], [2, undefined])
  t.end()
})

t.test('the group is found by flags and variables, and no credentials are carried', (t) => {
  const environment = {
    BAKEROLL_HOME: '/h',
    AWS_PROFILE: 'p',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_SESSION_TOKEN: 't',
    PATH: '/bin',
    BAKEROLL_CHECK_NOTIFY: 'https://secret',
  }
  const { words, variables, group } = callAgain(settings, false, environment)
  t.same(variables, { AWS_PROFILE: 'p', BAKEROLL_HOME: '/h' })
  t.equal(words[0], process.execPath)
  t.match(words[1], /^\/.*\/tasks\/terminal\/main\.ts$/)
  t.same(words.slice(2), ['check', '--platform=aws', '--group=web', '--config=/c/bakeroll.config.ts', '--instances'])
  t.same(group, { name: 'web', id: '/h aws web' })
  t.equal(callAgain({ ...settings, check: { instances: false } } as Settings, false, {}).group?.id, group?.id)
  t.end()
})
