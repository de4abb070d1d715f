/** Child process: the floor of what Node can do. A bare server, and undici's dispatch writing straight into the response. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'
import { passedOn } from './pass-headers.ts'

const upstream = new Pool(`http://127.0.0.1:${process.argv[2] ?? ''}`, { pipelining: 1 })

function handler(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('drain', () => controller.resume())
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the caller left'))
      })
    },
    onResponseStart(_controller, status, headers) {
      response.writeHead(status, passedOn(headers))
    },
    onResponseData(controller, bytes) {
      if (!response.write(bytes)) controller.pause()
    },
    onResponseEnd() {
      response.end()
    },
    onResponseError() {
      response.destroy()
    },
  }
}

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  upstream.dispatch(
    {
      path: request.url ?? '/',
      method: request.method as Dispatcher.HttpMethod,
      headers: passedOn(request.headers),
      body: body.length > 0 ? body : null,
    },
    handler(response),
  )
}

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (bytes: Buffer) => parts.push(bytes))
  request.on('end', () => forward(request, response, parts.length === 1 ? parts[0]! : Buffer.concat(parts)))
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))
