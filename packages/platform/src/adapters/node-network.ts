import type { Network } from '../ports/network.ts';
import { bindNodeDatagram } from './node-datagram.ts';
import { connectNodeStream, listenNodeStream } from './node-stream.ts';

/** The kernel's sockets by `node:dgram` and `node:net`. */
export class NodeNetwork implements Network {
  readonly bindDatagram: Network['bindDatagram'] = bindNodeDatagram;
  readonly listenStream: Network['listenStream'] = listenNodeStream;
  readonly connectStream: Network['connectStream'] = connectNodeStream;
}
