import {
  ConfirmConnectionCommand as ConfirmConnection,
  ConfirmPrivateVirtualInterfaceCommand as ConfirmPrivateVirtualInterface,
  CreateBGPPeerCommand as CreateBGPPeer,
  CreatePrivateVirtualInterfaceCommand as CreatePrivateVirtualInterface,
  DeleteVirtualInterfaceCommand as DeleteVirtualInterface,
  DescribeConnectionsCommand as DescribeConnections,
  DescribeHostedConnectionsCommand as DescribeHostedConnections,
  DescribeVirtualGatewaysCommand as DescribeVirtualGateways,
  DescribeVirtualInterfacesCommand as DescribeVirtualInterfaces,
  DirectConnectClient,
} from '@aws-sdk/client-direct-connect';
import type { Operations } from './types.ts';

export const directconnect: Operations = {
  client: (config) => new DirectConnectClient(config),
  commands: {
    ConfirmConnection,
    ConfirmPrivateVirtualInterface,
    CreateBGPPeer,
    CreatePrivateVirtualInterface,
    DeleteVirtualInterface,
    DescribeConnections,
    DescribeHostedConnections,
    DescribeVirtualGateways,
    DescribeVirtualInterfaces,
  },
};
