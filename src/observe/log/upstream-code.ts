/** Codes of engines and clouds that are words of their APIs. Any other may be text of a prompt, and is only said to be another one. */
const KNOWN: ReadonlySet<string> = new Set(
  `account_deactivated api_error authentication_error bad_request billing_hard_limit_reached billing_not_active
  capacity_exceeded concurrent_requests_exceeded content_filter content_policy_violation context_length_exceeded
  context_window_exceeded deployment_not_found deploymentnotfound empty_array engine_overloaded exceed_context_size_error
  exceeded_current_quota_error failed_precondition forbidden image_parse_error insufficient_balance insufficient_quota
  integer_above_max_value integer_below_min_value internal_error internal_server_error invalid_api_key
  invalid_argument invalid_base64 invalid_image invalid_image_format invalid_image_url invalid_json invalid_model
  invalid_parameter invalid_parameter_error invalid_prompt invalid_request invalid_request_error invalid_type invalid_value
  ip_not_authorized json_validate_failed max_tokens_exceeded messages_too_long method_not_allowed
  missing_required_parameter model_decommissioned model_not_active model_not_available model_not_found model_overloaded
  model_terms_required moderation_blocked not_found not_found_error not_implemented not_supported_error out_of_range
  overloaded overloaded_error payment_required permission_denied permission_error prompt_too_long quota_exceeded
  rate_limit_error rate_limit_exceeded rate_limit_reached_error rate_limited request_timeout request_too_large
  requests resource_exhausted responsibleaipolicyviolation server_error server_overloaded service_unavailable
  string_above_max_length string_below_min_length temporarily_unavailable timeout token_limit_exceeded tokens
  tokens_limit_reached tool_use_failed too_many_requests unauthenticated unauthorized unavailable unknown_parameter
  unknown_url unprocessable_entity unrecognized_request_argument unsupported_country_region_territory
  unsupported_media_type unsupported_model unsupported_parameter unsupported_value validation_error`.split(/\s+/),
)

/** Null where there is none. */
export const knownCode = (code: string | null): string | null =>
  code === null ? null : /^[45]\d\d$/.test(code) || KNOWN.has(code.toLowerCase()) ? code : 'other'
