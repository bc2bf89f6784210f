import { DeleteParametersCommand, PutParameterCommand, paginateDescribeParameters } from '@aws-sdk/client-ssm'
import { OperatorError } from '../../../lib/errors.ts'
import type { SecretStore, SetSecret } from '../../../lib/secrets.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import type { Names } from '../names.ts'

/**
 * Secrets of a group as SSM parameters of type SecureString, encrypted by the account's own key for SSM. Up to 4 kB a
 * parameter is standard and costs nothing; up to 8 kB AWS makes it an advanced one, billed by the month
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
 */
export function awsSecrets(aws: Aws, names: Names): SecretStore {
  return {
    mostBytes: 8192,
    list: () => listSecrets(aws, names),
    set: (name, value) => setSecret(aws, names, name, value),
    unset: async (name) => (await deleteParameters(aws, [parameterOf(names, name)])) > 0,
  }
}

export async function deleteSecrets(aws: Aws, names: Names): Promise<void> {
  await deleteParameters(
    aws,
    (await listSecrets(aws, names)).map(({ name }) => parameterOf(names, name)),
  )
}

/** Asks for descriptions, which hold no value: the operator role cannot read one. */
async function listSecrets(aws: Aws, { secretPath }: Names): Promise<SetSecret[]> {
  const found: SetSecret[] = []
  const ParameterFilters = [{ Key: 'Path', Option: 'OneLevel', Values: [secretPath] }]
  for await (const { Parameters = [] } of paginateDescribeParameters({ client: aws.ssm }, { ParameterFilters })) {
    for (const { Name = '', LastModifiedDate } of Parameters) {
      const setAt = (LastModifiedDate ?? new Date(0)).toISOString()
      found.push({ name: Name.slice(secretPath.length + 1), setAt })
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function setSecret(aws: Aws, names: Names, name: string, Value: string): Promise<void> {
  const parameter = {
    Name: parameterOf(names, name),
    Value,
    Type: 'SecureString',
    Tier: 'Intelligent-Tiering',
  } as const
  const Tags = Object.entries(names.tags).map(([Key, value]) => ({ Key, Value: value }))
  try {
    // AWS takes tags for a new parameter only.
    await aws.ssm.send(new PutParameterCommand({ ...parameter, Tags })).catch((error: unknown) => {
      if (!isAwsError(error, 'ParameterAlreadyExists')) throw error
      return aws.ssm.send(new PutParameterCommand({ ...parameter, Overwrite: true }))
    })
  } catch (error) {
    throw withoutValue(error, Value)
  }
}

/** The number of parameters that were there. */
async function deleteParameters(aws: Aws, parameters: readonly string[]): Promise<number> {
  let deleted = 0
  const mostAtOnce = 10
  for (let first = 0; first < parameters.length; first += mostAtOnce) {
    const Names = parameters.slice(first, first + mostAtOnce)
    deleted += (await aws.ssm.send(new DeleteParametersCommand({ Names }))).DeletedParameters?.length ?? 0
  }
  return deleted
}

function parameterOf({ secretPath }: Names, name: string): string {
  return `${secretPath}/${name}`
}

/** AWS's validation errors may repeat what they refuse, escaped or cut off, and so may their causes. */
function withoutValue(error: unknown, value: string): unknown {
  if (!(error instanceof OperatorError)) return error
  const { cause } = error
  const words = [error.message, error.hint, cause instanceof Error ? `${cause.stack} ${cause.message}` : cause].join(
    ' ',
  )
  const begin = lettersOf(value).slice(0, 12)
  if (![words, unescaped(words)].some((text) => lettersOf(text).includes(begin))) return error
  const code = cause instanceof Error ? cause.name : 'an error'
  return new OperatorError(error.kind, `PutParameter: ${code}; the words of AWS repeat the value and are not shown`, {
    hint: 'aws ssm put-parameter shows them',
    isLasting: error.isLasting,
  })
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, '')
}

function unescaped(text: string): string {
  return text.replace(/&#?\w+;|\\u[0-9a-fA-F]{4}|\\./g, '')
}
