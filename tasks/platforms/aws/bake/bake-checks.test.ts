import t from 'tap'
import { awsSettings } from '../../../../test/aws/settings.ts'
import { checkBakeSettings } from './bake-checks.ts'

t.test('settings that go together', async (t) => {
  for (const given of [
    {},
    { copyRegions: ['us-east-1'] },
    { shareAccounts: ['123456789012'], kmsKey: '1234abcd-12ab-34cd-56ef-1234567890ab' },
    { shareAccounts: ['123456789012'], kmsKey: 'alias/k', copyRegions: ['us-east-1'] },
    { kmsKey: 'mrk-1234abcd12ab34cd56ef1234567890ab', copyRegions: ['us-east-1'] },
    { builderInterface: 'session_manager' as const, builderInstanceProfile: 'profile' },
  ]) {
    t.doesNotThrow(() => checkBakeSettings(awsSettings(given)), JSON.stringify(given))
  }
})

t.test('settings that do not', async (t) => {
  t.throws(() => checkBakeSettings(awsSettings({ shareAccounts: ['123456789012'] })), {
    kind: 'usage',
    message: 'aws.kmsKey: needed to share an image: other accounts cannot use the default key',
  })
  t.throws(() => checkBakeSettings(awsSettings({ kmsKey: '1234abcd', copyRegions: ['us-east-1'] })), {
    kind: 'usage',
    message: 'aws.kmsKey: 1234abcd exists in one region only, but copies go to others',
  })
  t.throws(() => checkBakeSettings(awsSettings({ builderInterface: 'session_manager' })), {
    kind: 'usage',
    message: 'aws.builderInstanceProfile: needed to reach the builder by Session Manager',
  })
})
