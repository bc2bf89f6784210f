import {
  DeleteInternetGatewayCommand,
  DeleteRouteTableCommand,
  DeleteVpcCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
} from '@aws-sdk/client-ec2'
import { OperatorError } from '../../../lib/errors.ts'
import type { Aws } from '../clients.ts'
import { isAwsError } from '../failures/failures.ts'
import { groupTag, type Names } from '../names.ts'

/**
 * Removes what a deleted network stack may leave behind, found by the group's tag: route tables, gateways, the VPC.
 * CloudFormation deletes them itself where it can. A network that is not the group's own is not touched.
 */
export async function removeOrphanedNetwork({ ec2 }: Pick<Aws, 'ec2'>, { group }: Names): Promise<void> {
  const Filters = [{ Name: `tag:${groupTag}`, Values: [group] }]
  const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({ Filters }))
  for (const { RouteTableId, Associations = [] } of RouteTables) {
    for (const { RouteTableAssociationId: AssociationId } of Associations.filter(({ Main }) => Main !== true)) {
      await unlessGone(AssociationId, ec2.send(new DisassociateRouteTableCommand({ AssociationId })))
    }
    await unlessGone(RouteTableId, ec2.send(new DeleteRouteTableCommand({ RouteTableId })))
  }
  const { InternetGateways = [] } = await ec2.send(new DescribeInternetGatewaysCommand({ Filters }))
  for (const { InternetGatewayId, Attachments = [] } of InternetGateways) {
    for (const { VpcId } of Attachments) {
      await unlessGone(InternetGatewayId, ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId })))
    }
    await unlessGone(InternetGatewayId, ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId })))
  }
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({ Filters }))
  for (const { VpcId } of Vpcs) await unlessGone(VpcId, ec2.send(new DeleteVpcCommand({ VpcId })))
}

/**
 * EC2 still lists for a moment what CloudFormation has just deleted. EC2's error may omit the resource, so it is added.
 */
async function unlessGone(id: string | undefined, work: Promise<unknown>): Promise<void> {
  const codes = ['RouteTableID', 'AssociationID', 'InternetGatewayID', 'VpcID'].map((what) => `Invalid${what}.NotFound`)
  await work.catch((error: unknown) => {
    if (isAwsError(error, ...codes, 'Gateway.NotAttached')) return
    throw error instanceof OperatorError && id !== undefined && !error.message.includes(id) ? named(id, error) : error
  })
}

function named(id: string, { kind, message, hint, cause, isLasting }: OperatorError): OperatorError {
  return new OperatorError(kind, `${id}: ${message}`, { ...(hint === undefined ? {} : { hint }), cause, isLasting })
}
