import { Code, type ConnectError, type Interceptor } from '@connectrpc/connect';
import { toConnectError } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { Telemetry } from '../telemetry.ts';
import { retryAfter } from './reply-error.ts';

/** Gives errors of services, unary and in streams, the code and text that peers see. */
export function errorInterceptor(telemetry: Telemetry): Interceptor {
  const translate = (error: unknown, method: string): ConnectError => {
    const translated = rpcError(error);
    if (translated.code === Code.Internal || translated.code === Code.Unknown) {
      telemetry.log.error({ err: error, method }, 'call failed');
    }
    return translated;
  };
  return (next) => async (request) => {
    const method = `${request.service.typeName}/${request.method.name}`;
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return {
        ...response,
        message: translated(response.message, (error) => translate(error, method)),
      };
    } catch (error) {
      throw translate(error, method);
    }
  };
}

function rpcError(error: unknown): ConnectError {
  const translated = toConnectError(error);
  if (error instanceof EagleError && error.retryAfterMs !== undefined) {
    translated.metadata.set('retry-after', retryAfter(error));
  }
  return translated;
}

async function* translated<T>(
  messages: AsyncIterable<T>,
  translate: (error: unknown) => ConnectError,
): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    throw translate(error);
  }
}
