import { glob, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Model, modelOf, problemsOf, type ShapeUse } from './recorded-model.ts'

/** One answer of AWS to one operation; the head of recorded.ts says what the parts mean. */
export interface RecordedAnswer {
  readonly service: string
  readonly operation: string
  readonly source: string
  readonly note?: string
  readonly input?: object
  readonly output?: object
  readonly error?: { readonly code: string; readonly message: string }
}

const folder = join(import.meta.dirname, 'recorded')

/** The fixture `recorded/NAME.json`. */
export async function recorded(name: string): Promise<RecordedAnswer> {
  return JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as RecordedAnswer
}

/** The names of all fixtures. */
export async function recordedNames(): Promise<string[]> {
  return (await Array.fromAsync(glob(join(folder, '*.json')))).map((path) => basename(path, '.json')).sort()
}

/** Why AWS could not say this, by its model of the service; empty when it could. */
export async function impossibilities({ service, operation, input, output, error }: RecordedAnswer): Promise<string[]> {
  const model = await modelOf(service)
  const found = model.operations[operation]
  if (!found) return [`${service} has no operation ${operation}`]
  if ((output === undefined) === (error === undefined)) return [`${operation}: expected either output or error`]
  const given = (value: object | undefined, use: ShapeUse | undefined, name: string) => {
    if (value === undefined || (use === undefined && Object.keys(value).length === 0)) return []
    return problemsOf(value, use ?? { shape: `of no ${name}` }, model, `${operation} ${name}`)
  }
  return [
    ...given(input, found.input, 'input').filter((problem) => !problem.endsWith(': missing')),
    ...given(output, found.output, 'output'),
    ...(error && !errorStatus(error.code, operation, model) ? [`${operation} knows no error ${error.code}`] : []),
  ]
}

/**
 * The HTTP status of an error; `undefined` when the operation knows none of that code. EC2's model lists no errors
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html does), so any is believed there.
 */
export function errorStatus(code: string, operation: string, model: Model): number | undefined {
  const own = model.operations[operation]?.errors?.find(
    ({ shape }) => (model.shapes[shape]?.error?.code ?? shape) === code,
  )
  if (own) return model.shapes[own.shape]?.error?.httpStatusCode ?? 400
  return commonErrors[code] ?? (model.metadata.protocol === 'ec2' ? 400 : undefined)
}

/** https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html and its likes of the other services. */
const commonErrors: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AccessDeniedException: 400,
  AuthFailure: 401,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidClientTokenId: 403,
  MissingAuthenticationToken: 403,
  OptInRequired: 403,
  RequestExpired: 400,
  RequestLimitExceeded: 503,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  Throttling: 400,
  ThrottlingException: 400,
  UnauthorizedOperation: 403,
  UnrecognizedClientException: 400,
  ValidationError: 400,
  ValidationException: 400,
}
