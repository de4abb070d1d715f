/** A refusal in the shape that OpenAI's API has for it. */
export class DemoFault extends Error {
  readonly status: number
  readonly param: string | null
  readonly code: string | null

  constructor(message: string, param: string | null = null, code: string | null = null, status = 400) {
    super(message)
    this.status = status
    this.param = param
    this.code = code
  }

  get body(): object {
    const type = this.status < 500 ? 'invalid_request_error' : 'server_error'
    return { error: { message: this.message, type, param: this.param, code: this.code } }
  }
}
