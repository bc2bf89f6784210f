import { AutoScalingClient } from '@aws-sdk/client-auto-scaling'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { EC2Client } from '@aws-sdk/client-ec2'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { SSMClient } from '@aws-sdk/client-ssm'
import { awsFailure, isReading } from './failures/failures.ts'
import { openSilenceWatch, type SilenceWatch, usualLimits } from './silence.ts'

/** What is absent comes from the user's AWS configuration. */
export interface AwsSettings {
  readonly region: string | undefined
  readonly profile: string | undefined
}

/** The AWS clients of one run. Every failure is an OperatorError with the SDK's error as its cause. */
export interface Aws {
  readonly ec2: EC2Client
  readonly autoScaling: AutoScalingClient
  readonly elb: ElasticLoadBalancingV2Client
  readonly cloudFormation: CloudFormationClient
  readonly ssm: SSMClient
  /** Opens another client with the same settings, in `region` if given. */
  open<Client>(Class: new (configuration: ClientConfiguration) => Client, region?: string): Client
  /** The region of all clients. Throws a usage error when none is configured. */
  region(): Promise<string>
  /** Requests sent, by command: `{ DescribeInstances: 2 }`. SDK retries are not counted. */
  readonly calls: ReadonlyMap<string, number>
}

export interface ClientConfiguration {
  readonly region?: string
  readonly profile?: string
  readonly maxAttempts: number
  readonly retryMode: 'adaptive'
  readonly requestHandler: {
    readonly connectionTimeout: number
    readonly requestTimeout: number
    readonly socketTimeout: number
    readonly throwOnRequestTimeout: true
  }
}

interface AnyClient {
  readonly config: { region(): Promise<string> }
  // biome-ignore lint/suspicious/noExplicitAny: each client types its own stack, and all accept this middleware.
  readonly middlewareStack: { add(middleware: any, options: any): void }
}

/**
 * Opens the clients. The SDK's adaptive mode retries throttling and transient failures
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html); a call without an answer ends after
 * `usualLimits.callMs`. AWS_ENDPOINT_URL is honoured. `signal` is the operator's request to stop.
 */
export function openAws(settings: AwsSettings, signal?: AbortSignal): Aws {
  const calls = new Map<string, number>()
  const history = { hasChanged: false }
  const silence = openSilenceWatch(signal)
  const timeout = usualLimits.attemptMs
  const open = <Client>(
    Class: new (configuration: ClientConfiguration) => Client,
    region = settings.region,
  ): Client => {
    const client = new Class({
      ...(region === undefined ? {} : { region }),
      ...(settings.profile === undefined ? {} : { profile: settings.profile }),
      maxAttempts: Number(process.env['AWS_MAX_ATTEMPTS']) || 8,
      retryMode: 'adaptive',
      requestHandler: {
        connectionTimeout: 5000,
        requestTimeout: timeout,
        socketTimeout: timeout,
        throwOnRequestTimeout: true,
      },
    })
    const fail = (error: unknown, command: string) =>
      awsFailure(error, { ...settings, command, hasChanged: history.hasChanged })
    watch(client as unknown as AnyClient, { calls, history, silence, fail })
    return client
  }
  const ec2 = open(EC2Client)
  return {
    ec2,
    autoScaling: open(AutoScalingClient),
    elb: open(ElasticLoadBalancingV2Client),
    cloudFormation: open(CloudFormationClient),
    ssm: open(SSMClient),
    open,
    region: async () => {
      try {
        return await ec2.config.region()
      } catch (error) {
        throw awsFailure(error, { ...settings, command: '', hasChanged: false })
      }
    },
    calls,
  }
}

interface Watch {
  readonly calls: Map<string, number>
  readonly history: { hasChanged: boolean }
  readonly silence: SilenceWatch
  fail(error: unknown, command: string): Error
}

interface CallContext {
  readonly commandName?: string
  call?: Parameters<SilenceWatch['attempt']>[0]
}

type Next<Arguments> = (given: Arguments) => Promise<unknown>

/** Counts a client's requests, ends unanswered ones, and turns its errors into OperatorErrors. */
function watch(client: AnyClient, { calls, history, silence, fail }: Watch): void {
  const wholeCall = (next: Next<{ input?: object }>, context: CallContext) => async (request: { input?: object }) => {
    const command = context.commandName?.replace(/Command$/, '') ?? ''
    calls.set(command, (calls.get(command) ?? 0) + 1)
    try {
      const answer = await silence.call(isReading(command), (call) => {
        context.call = call
        return next(request)
      })
      if (!isReading(command) && !isPassing(request.input)) history.hasChanged = true
      return answer
    } catch (error) {
      throw fail(error, command)
    }
  }
  const oneAttempt =
    (next: Next<{ request?: { hostname?: string } }>, context: CallContext) =>
    async (given: { request?: { hostname?: string } }) => {
      const host = given.request?.hostname ?? 'AWS'
      return context.call === undefined ? next(given) : silence.attempt(context.call, host, () => next(given))
    }
  client.middlewareStack.add(wholeCall, { step: 'initialize', name: 'bakeroll', priority: 'high' })
  client.middlewareStack.add(oneAttempt, { step: 'deserialize', name: 'bakerollAttempt', priority: 'high' })
}

/** Not a change: a lock is released again, and a stack that exists only as a plan is removed. */
function isPassing(input: object = {}): boolean {
  const { Name = '', ClientRequestToken = '' } = input as { Name?: unknown; ClientRequestToken?: unknown }
  return String(Name).includes('/lock/') || String(ClientRequestToken).startsWith('bakeroll-plan-')
}
