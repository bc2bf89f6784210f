// needs: .venv/moto
import type { LaunchTemplateVersion } from '@aws-sdk/client-ec2'
import t from 'tap'
import * as answers from '../../../../test/aws/group-answers.ts'
import { type RecordedAnswer, startRecorded } from '../../../../test/aws/recorded.ts'
import { openAws } from '../clients.ts'
import { namesOf } from '../names.ts'
import { supersededVersions, versionsToDelete } from './template-versions.ts'

const { answer, member, record, refusal, scaling, serviceStack } = answers
const server = await startRecorded([])
Object.assign(process.env, server.env)
t.teardown(() => server.stop())
const aws = openAws({ region: undefined, profile: undefined })
const names = namesOf(answers.group.name)
const LaunchTemplateId = 'lt-0a4872e2c396d941c'

/** Versions 1 to `count`; of each the image `ami-0vN`, unless another is given. */
const versions = (count: number, images: Record<number, string> = {}): LaunchTemplateVersion[] =>
  Array.from({ length: count }, (_, index) => ({
    VersionNumber: index + 1,
    DefaultVersion: index === 0,
    LaunchTemplateData: { ImageId: images[index + 1] ?? `ami-0v${index + 1}` },
  }))

t.test('which versions can go', async (t) => {
  const table: [what: string, LaunchTemplateVersion[], named: string[], imageIds: string[], gone: string[]][] = [
    ['nobody has more than ten', versions(10), [], [], []],
    ['the newest ten and the default stay', versions(14), [], [], ['2', '3', '4']],
    ['what somebody names stays', versions(14), ['3', '$Latest', '$Default'], [], ['2', '4']],
    [
      'the newest of an image stays',
      versions(16, { 2: 'x', 4: 'x' }),
      [],
      ['x', 'ami-0v16', 'gone'],
      ['2', '3', '5', '6'],
    ],
    ['in any order', versions(13).reverse(), [], [], ['2', '3']],
  ]
  for (const [what, all, named, imageIds, gone] of table) t.same(versionsToDelete(all, { named, imageIds }), gone, what)
})

/** The service stack, with the launch template among its outputs. */
function stack(templateId = LaunchTemplateId): RecordedAnswer {
  const { output, ...head } = serviceStack({ ImageId: 'ami-0v20' })
  const [found] = (output as { Stacks: { Outputs: object[] }[] }).Stacks
  const Outputs = [...(found?.Outputs ?? []), { OutputKey: 'LaunchTemplateId', OutputValue: templateId }]
  return { ...head, output: { Stacks: [{ ...found, Outputs }] } }
}

const template = (Version: string) => ({ LaunchTemplate: { LaunchTemplateId, Version } })
const listed = (count: number) =>
  answer('ec2:DescribeLaunchTemplateVersions', {
    LaunchTemplateVersions: versions(count).map((one) => ({ LaunchTemplateId, ...one })),
  })
const refreshing = answer('autoscaling:DescribeInstanceRefreshes', {
  InstanceRefreshes: [{ InstanceRefreshId: 'r', Status: 'InProgress', DesiredConfiguration: template('8') }],
})
const noRecord = refusal('ssm:GetParameter', 'ParameterNotFound', '')

/** What can go of a group of one instance on version 3, and the calls that were made. */
async function look(...others: RecordedAnswer[]) {
  const usual = [
    stack(),
    noRecord,
    scaling([member('i-0a1', 'InService', template('3'))], template('$Latest')),
    refreshing,
  ]
  const changed = new Set(others.map(({ operation }) => operation))
  await server.play([...usual.filter(({ operation }) => !changed.has(operation)), ...others])
  return supersededVersions(aws, names)
}

t.test('the group, its instances, a refresh and the ways of a roll keep their versions', async (t) => {
  const [found, ...others] = await look(listed(20))
  t.equal(found?.what, 'versions 2, 4-7, 9-10 of the launch template of shop')
  t.same(others, [])
  const roll = { imageId: 'ami-0v20', previousImageId: 'ami-0v6', startedAt: '2026-01-01T00:00:00Z', force: false }
  const rolling = record({ previousImageId: 'ami-0v4', roll: { ...roll, rollingBack: false } })
  t.match(await look(listed(20), rolling), [{ what: 'versions 2, 5, 7, 9-10 of the launch template of shop' }])
  const pinned = scaling([member('i-0a1', 'InService', template('3'))], template('9'))
  t.match(await look(listed(20), pinned), [{ what: 'versions 2, 4-7, 10 of the launch template of shop' }])
})

t.test('they are deleted as many at once as AWS takes, and what is gone already is no error', async (t) => {
  const done = (...codes: string[]) =>
    answer('ec2:DeleteLaunchTemplateVersions', {
      UnsuccessfullyDeletedLaunchTemplateVersions: codes.map((Code, index) => ({
        LaunchTemplateId,
        VersionNumber: index + 4,
        ResponseError: { Code, Message: `said ${Code}` },
      })),
    })
  const [found] = await look(listed(230), done('launchTemplateVersionDoesNotExist'))
  await found?.remove()
  const asked = server.requests.filter(({ operation }) => operation === 'DeleteLaunchTemplateVersions')
  t.same(
    asked.map(({ input }) => (input['Versions'] as string[]).length),
    [200, 16],
  )
  t.match(asked[0]?.input, { LaunchTemplateId, Versions: ['2', '4', '5', '6', '7', '9'] })

  const [again] = await look(listed(20), done('unexpectedError', 'unexpectedError'))
  await t.rejects(again?.remove() ?? Promise.resolve(), {
    kind: 'failed',
    message: `versions 4-5 of the launch template ${LaunchTemplateId} could not be deleted: said unexpectedError`,
    hint: 'npm run images -- --retire again',
  })
})

t.test('nothing is asked where nothing can go', async (t) => {
  t.same(await look(listed(10)), [])
  t.notOk(server.requests.some(({ operation }) => operation === 'DescribeInstanceRefreshes'))
  t.same(await look(listed(20), stack('lt-0of-somebody-else')), [], "a template that is not the stack's is left alone")
  t.notOk(server.requests.some(({ operation }) => operation === 'DescribeLaunchTemplateVersions'))
  t.same(await look(answer('autoscaling:DescribeAutoScalingGroups', { AutoScalingGroups: [] })), [])
  t.same(await look(refusal('cloudformation:DescribeStacks', 'ValidationError', 'Stack with id x does not exist')), [])
})
