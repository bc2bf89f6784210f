import t from 'tap'
import { parameterProblems, valueProblem } from './parameters.ts'
import { templateIn } from './template.ts'

const template = templateIn(
  `
Parameters:
  MinSize: {Type: Number, MinValue: 0, MaxValue: 10}
  Zones: {Type: Number, AllowedValues: [2, 3]}
  Https: {Type: String, AllowedValues: ['true', 'false'], ConstraintDescription: true or false.}
  Name: {Type: String, MinLength: 2, MaxLength: 4}
  Domain: {Type: String, AllowedPattern: '[a-z]+\\.org', ConstraintDescription: a name below org.}
  Odd: {Type: String, AllowedPattern: '[a-z&&[^x]]++'}
  Image: {Type: AWS::EC2::Image::Id}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
  Words: {Type: CommaDelimitedList, AllowedValues: [a, b]}
  Password: {Type: String, NoEcho: true, MinLength: 8}
`,
  'service',
)

const table: [name: string, value: string, problem: string | undefined][] = [
  ['MinSize', '2', undefined],
  ['MinSize', 'two', 'expected a number, got "two"'],
  ['MinSize', '-1', 'expected at least 0, got "-1"'],
  ['MinSize', '11', 'expected at most 10, got "11"'],
  ['MinSize', '', 'expected a number, got ""'],
  ['Zones', '4', 'expected one of 2, 3, got "4"'],
  ['Https', 'yes', 'expected one of true, false, got "yes"'],
  ['Name', 'a', 'expected at least 2 characters, got "a"'],
  ['Name', 'abcde', 'expected at most 4 characters, got "abcde"'],
  ['Domain', 'time.org', undefined],
  ['Domain', 'time.org.uk', 'expected a name below org, got "time.org.uk"'],
  ['Odd', 'anything', undefined],
  ['Image', 'ami-12345678', undefined],
  ['Image', 'debian', 'expected the id of an image, ami-..., got "debian"'],
  ['Subnets', 'subnet-1a,subnet-2b', undefined],
  ['Subnets', 'subnet-1a,vpc-2b', 'expected a list, each the id of a subnet, subnet-..., got "subnet-1a,vpc-2b"'],
  ['Words', 'a, b', undefined],
  ['Words', 'a,c', 'expected one of a, b, got "a,c"'],
  ['Password', 'short', 'expected at least 8 characters, got [secret]'],
]

t.test('values against the constraints of a template', async (t) => {
  for (const [name, value, problem] of table) {
    const parameter = template.parameters.get(name)
    t.equal(parameter && valueProblem(parameter, value), problem, `${name} ${value}`)
  }
})

t.test('all problems at once, with the setting and a suggestion', async (t) => {
  const given = new Map([
    ['MinSzie', '2'],
    ['Zones', '9'],
    ['Quite', 'different'],
    ['Name', 'abc'],
    ['Image', 'ami-1'],
  ])
  const where = 'aws.serviceParameters'
  t.same(parameterProblems(template, given, { where, reserved: { Image: 'it is what --image says' } }), [
    'aws.serviceParameters.MinSzie: cloudformation/service.yaml has no such parameter; did you mean MinSize?',
    'aws.serviceParameters.Zones: expected one of 2, 3, got "9"',
    'aws.serviceParameters.Quite: cloudformation/service.yaml has no such parameter',
    'aws.serviceParameters.Image: it is what --image says',
  ])
})
