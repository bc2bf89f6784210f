import { StackStatus } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { isAtRest, stackStates, stateOf } from './states.ts'
import { readTemplate, templateIn } from './template.ts'
import { resourcesMade, ruleProblems } from './template-conditions.ts'

const body = `
Parameters:
  Zones: {Type: Number, Default: 2, AllowedValues: [2, 3]}
  Logs: {Type: String, Default: none}
  Secret: {Type: String, NoEcho: true}
Rules:
  LogsNeedThree:
    RuleCondition: !Not [!Equals [!Ref Logs, none]]
    Assertions:
      - {Assert: !Equals [!Ref Zones, 3], AssertDescription: Logs need three zones.}
Conditions:
  IsThree: !Equals [!Ref Zones, 3]
  HasLogs: !Not [!Equals [!Ref Logs, none]]
  Both: !And [!Condition IsThree, {Condition: HasLogs}]
  Either: !Or [!Condition IsThree, !Condition HasLogs]
  Elsewhere: !Equals [!Ref 'AWS::Region', us-east-1]
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {Tags: [{Key: Name, Value: !Sub 'a-\${Zones}'}]}}
  Third: {Type: 'AWS::EC2::Subnet', Condition: IsThree}
  LogGroup: {Type: 'AWS::Logs::LogGroup', Condition: Both}
  Topic: {Type: 'AWS::SNS::Topic', Condition: Either}
  Perhaps: {Type: 'AWS::SNS::Topic', Condition: Elsewhere}
  Group: {Type: 'AWS::AutoScaling::AutoScalingGroup', UpdatePolicy: {AutoScalingRollingUpdate: {MaxBatchSize: 1}}}
`

t.test('a template is read with the short forms of its functions', async (t) => {
  const template = templateIn(body, 'small')
  t.match(template.parameters.get('Zones'), {
    type: 'Number',
    default: '2',
    allowedValues: ['2', '3'],
    isSecret: false,
  })
  t.match(template.parameters.get('Secret'), { type: 'String', isSecret: true })
  t.equal(template.parameters.get('Secret')?.default, undefined)
  t.equal(template.resources.get('Third')?.condition, 'IsThree')
  t.equal(template.resources.get('Group')?.replacesInstances, true)
  t.equal(template.resources.get('Vpc')?.replacesInstances, false)
  t.same(template.conditions.get('IsThree'), { 'Fn::Equals': [{ Ref: 'Zones' }, 3] })
})

t.test('conditions decide which resources are made; what only AWS knows counts as made', async (t) => {
  const made = (values: Record<string, string>) =>
    resourcesMade(templateIn(body, 'small'), values).map(({ logicalId }) => logicalId)
  t.same(made({}), ['Vpc', 'Perhaps', 'Group'])
  t.same(made({ Zones: '3' }), ['Vpc', 'Third', 'Topic', 'Perhaps', 'Group'])
  t.same(made({ Logs: 'all' }), ['Vpc', 'Topic', 'Perhaps', 'Group'])
  t.same(made({ Zones: '3', Logs: 'all' }), ['Vpc', 'Third', 'LogGroup', 'Topic', 'Perhaps', 'Group'])
})

t.test('rules between parameters are held against values', async (t) => {
  const template = templateIn(body, 'small')
  t.same(ruleProblems(template, {}), [])
  t.same(ruleProblems(template, { Logs: 'all' }), ['Logs need three zones.'])
  t.same(ruleProblems(template, { Logs: 'all', Zones: '3' }), [])
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
    t.same(
      [...template.resources].filter(([, one]) => one.replacesInstances),
      [],
      name,
    )
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
