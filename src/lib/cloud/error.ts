/** A refusal as the service spells it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    /** As the SDK shows it: `InvalidVpcID.NotFound`. */
    readonly code: string,
    message: string,
    /** HTTP. */
    readonly status = 400,
  ) {
    super(message);
  }
}

export const invalidValue = (message: string): ApiError => new ApiError('InvalidParameterValue', message);
