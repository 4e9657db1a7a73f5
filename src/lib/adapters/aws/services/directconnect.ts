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
import type { ServiceDescriptor } from './service.ts';

export const directconnect: ServiceDescriptor = {
  name: 'directconnect',
  title: 'Direct Connect',
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
  errors: {
    // One code for every mistake of the caller's: the words tell.
    absent: [{ code: 'DirectConnectClientException', says: /not found|not find|does not exist|unknown/i }],
  },
};
