import type { Change, ResourceChange } from '@aws-sdk/client-cloudformation'
import { dangersOf } from './dangers.ts'

export interface ChangeReport {
  /** One line per resource: `+` added, `~` changed, `!` replaced, `-` removed. */
  readonly lines: readonly string[]
  /** Changes that replace or restart instances, or interrupt the service. */
  readonly warnings: readonly string[]
  /** Changes that widen access, and those that replace or remove a resource that holds state. */
  readonly dangers: readonly string[]
}

export interface ChangeContext {
  /** In a new stack everything is added, so nothing is a danger. */
  readonly isNew: boolean
  /**
   * Logical ids of Auto Scaling groups whose instances CloudFormation itself replaces when their launch configuration
   * changes.
   */
  readonly replacingGroups?: ReadonlySet<string>
}

export type ChangeKind = 'added' | 'changed' | 'replaced' | 'removed'

const marks: Readonly<Record<ChangeKind, string>> = { added: '+', changed: '~', replaced: '!', removed: '-' }

/** Source of the fields: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html */
export function reportChanges(changes: readonly Change[], context: ChangeContext): ChangeReport {
  const all = changes.flatMap(({ ResourceChange: one }) => (one ? [one] : []))
  const shown = Object.keys(marks).flatMap((kind) => all.filter((one) => kindOf(one) === kind))
  return {
    lines: shown.map(lineOf),
    warnings: [...new Set(all.flatMap((one) => warningsOf(one, context)))],
    dangers: context.isNew ? [] : [...new Set(all.flatMap(dangersOf))],
  }
}

/** A replacement that is only possible counts as `replaced`. */
export function kindOf({ Action, Replacement, PolicyAction }: ResourceChange): ChangeKind {
  if (Action === 'Add' || Action === 'Import') return 'added'
  if (Action === 'Remove') return 'removed'
  const isReplaced = Replacement === 'True' || Replacement === 'Conditional' || PolicyAction?.startsWith('Replace')
  return isReplaced ? 'replaced' : 'changed'
}

/** The properties that change, with old and new values where AWS reports them: `InstanceType t3.small -> t3.medium`. */
export function propertiesOf({ Details = [] }: ResourceChange): string[] {
  const found = new Map<string, string>()
  for (const { Target, CausingEntity, ChangeSource } of Details) {
    const path = (Target?.Path ?? '').replace(/^\/Properties\//, '').replaceAll('/', '.')
    const name =
      path || [Target?.Attribute === 'Properties' ? '' : Target?.Attribute, Target?.Name].filter(Boolean).join('.')
    const { BeforeValue: before, AfterValue: after } = Target ?? {}
    const values = before === undefined && after === undefined ? '' : ` ${brief(before)} -> ${brief(after)}`
    const by = values === '' && ChangeSource === 'ParameterReference' && CausingEntity ? ` (by ${CausingEntity})` : ''
    // A change is often reported twice: for the template, and for the parameter that caused it.
    if (name !== '' && (values !== '' || !found.get(name))) found.set(name, `${values}${by}`)
  }
  return [...found].map(([name, rest]) => `${name}${rest}`)
}

function lineOf(change: ResourceChange): string {
  const { LogicalResourceId, ResourceType = '', Replacement, PolicyAction, Action } = change
  const kind = kindOf(change)
  const what = propertiesOf(change).join(', ')
  const fate = {
    added: Action === 'Import' ? 'taken over' : '',
    changed: Action === 'Dynamic' ? 'may be changed' : '',
    replaced: Replacement === 'Conditional' ? 'may be replaced' : 'replaced',
    removed: PolicyAction === 'Retain' ? 'leaves the stack, but is kept' : '',
  }[kind]
  const text = [fate, what].filter(Boolean).join(', for ')
  return `${marks[kind]} ${LogicalResourceId} (${ResourceType})${text === '' ? '' : `: ${text}`}`
}

function warningsOf(change: ResourceChange, { isNew, replacingGroups }: ChangeContext): string[] {
  const { LogicalResourceId: id = '', ResourceType, Details = [] } = change
  const kind = kindOf(change)
  if (isNew || kind === 'added') return []
  const names = Details.map(({ Target }) => `${Target?.Path ?? ''} ${Target?.Name ?? ''}`).join(' ')
  const isAbout = (...properties: string[]) => properties.some((one) => new RegExp(`\\b${one}\\b`).test(names))
  if (ResourceType === 'AWS::EC2::LaunchTemplate' && kind === 'changed' && isAbout('LaunchTemplateData')) {
    return ['running instances will be outdated: npm run roll -- --force replaces them']
  }
  if (ResourceType === 'AWS::AutoScaling::AutoScalingGroup') {
    if (kind !== 'changed') return [`${id} is ${kind}: all its instances are terminated and launched again`]
    const describes = isAbout('LaunchTemplate', 'MixedInstancesPolicy', 'LaunchConfigurationName', 'VPCZoneIdentifier')
    if (describes && replacingGroups?.has(id)) return [`CloudFormation itself replaces the instances of ${id}`]
    if (isAbout('VPCZoneIdentifier', 'AvailabilityZones'))
      return [`${id} moves to other zones: instances may be replaced`]
    return isAbout('MaxSize') ? [`the maximum of ${id} changes: instances above it are terminated`] : []
  }
  if (ResourceType === 'AWS::EC2::Instance')
    return [`instance ${id} ${kind === 'changed' ? 'may be restarted' : `is ${kind}`}`]
  const serving = /^AWS::ElasticLoadBalancingV2::(LoadBalancer|TargetGroup|Listener)$/.test(ResourceType ?? '')
  return serving && kind !== 'changed' ? [`${id} is ${kind}: the service is interrupted`] : []
}

const longestValue = 60

function brief(value: string | undefined): string {
  if (value === undefined) return '(none)'
  const line = value.replace(/\s+/g, ' ')
  return line.length > longestValue ? `${line.slice(0, longestValue)}...` : line
}
