import { StackStatus } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { isAtRest, stackStates, stateOf } from './states.ts'
import { defaultsOf, readTemplate, templateIn } from './template.ts'

const body = `
Parameters:
  Zones: {Type: Number, Default: 2, AllowedValues: [2, 3]}
  Secret: {Type: String, NoEcho: true}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {Tags: [{Key: Name, Value: !Sub 'a-\${Zones}'}]}}
  Group: {Type: 'AWS::AutoScaling::AutoScalingGroup', UpdatePolicy: {AutoScalingRollingUpdate: {MaxBatchSize: 1}}}
`

t.test('a template is read with its parameters, and the groups whose instances it would replace', async (t) => {
  const template = templateIn(body, 'small')
  t.same(template.parameters.get('Zones'), { default: '2', isSecret: false })
  t.same(template.parameters.get('Secret'), { default: undefined, isSecret: true })
  t.same(template.replacingGroups, new Set(['Group']))
  t.same(defaultsOf(template), { Zones: '2' })
})

t.test('a template that is not there, or is no YAML, is a wrong usage', async (t) => {
  await t.rejects(readTemplate('nothing'), { kind: 'usage', message: /nothing\.yaml cannot be read: ENOENT/ })
  const folder = t.testdir({ 'broken.yaml': 'Parameters: {' })
  await t.rejects(readTemplate(`${folder}/broken.yaml`), { kind: 'usage', message: /broken\.yaml cannot be read/ })
})

t.test('the templates of the project fit into a request, and no group replaces its instances by itself', async (t) => {
  for (const name of ['network', 'service', 'guard']) {
    const template = await readTemplate(name)
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: a body in a request.
    t.ok(Buffer.byteLength(template.body) <= 51_200, name)
    t.ok(template.parameters.has('Group'), name)
    t.equal(template.replacingGroups.size, 0, name)
  }
})

t.test('every state that CloudFormation knows is decided', async (t) => {
  t.same(Object.keys(stackStates).sort(), Object.values(StackStatus).sort())
  for (const [status, { words, remedy, condition }] of Object.entries(stackStates)) {
    t.equal(isAtRest(status), !status.endsWith('_IN_PROGRESS'), status)
    t.equal(remedy !== undefined, condition === 'stuck', status)
    t.match(words, /^[a-z]/, status)
  }
  t.match(stateOf('SOMETHING_NEW'), { condition: 'busy', deletion: 'refuse', words: 'is in the state SOMETHING_NEW' })
})
