import t from 'tap'
import { plainCode } from '../../tasks/platforms/aws/failures/failure-facts.ts'
import { failureRules } from '../../tasks/platforms/aws/failures/failures.ts'
import { modelOf } from './recorded-model.ts'

/**
 * Codes that no model names, and where they stand. `ec2`: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
 * `common`: the common errors of the API references (https://docs.aws.amazon.com/AutoScaling/latest/APIReference/CommonErrors.html),
 * and what the SDK itself takes for throttling and for a wrong clock. `node`: Node and the SDK themselves.
 * `unmodelled`: seen in answers only.
 */
const withoutModel = ['ec2', 'common', 'node', 'unmodelled']

t.test('every code that is explained is one that the service can answer', async (t) => {
  const listed = failureRules.flatMap(({ codes = {} }) => Object.entries(codes))
  const services = [...new Set(listed.map(([service]) => service))].filter((service) => !withoutModel.includes(service))
  t.ok(services.length >= 5, services.join(', '))
  for (const service of services) {
    const known = await codesOf(service)
    for (const code of listed.filter(([of]) => of === service).flatMap(([, codes]) => codes)) {
      t.ok(known.has(code) || known.has(plainCode(code)), `${service}: ${code}`)
    }
  }
})

t.test('no two rules claim one code without asking for words', async (t) => {
  const unconditional = failureRules.filter(({ says, fits }) => says === undefined && fits === undefined)
  const codes = unconditional.flatMap(({ codes = {} }) => [...new Set(Object.values(codes).flat().map(plainCode))])
  t.strictSame(
    codes.filter((code, i) => codes.indexOf(code) !== i),
    [],
  )
})

/** The codes that a service answers, and the names of their shapes, by which the SDK calls its errors. */
async function codesOf(service: string): Promise<Set<string>> {
  const { shapes } = await modelOf(service)
  const errors = Object.entries(shapes).filter(([, shape]) => 'exception' in shape || shape.error !== undefined)
  return new Set(errors.flatMap(([name, { error }]) => [name, plainCode(name), error?.code ?? name]))
}
