import type { CloudModel } from './model.ts';
import { ApiError } from './error.ts';
import type { CloudState } from './state.ts';

/**
 * What is refused by a part of the cloud that has not heard of it: ids, IAM's names, and to EC2 an instance profile
 * that IAM has.
 */
const NOT_HEARD_OF =
  /ID\.NotFound$|^InvalidGroup\.NotFound$|^InvalidKeyPair\.NotFound$|^NoSuchEntity$|^ResourceNotFoundException$|^NotFound$|^QueueDoesNotExist$/;
const PROFILE = /Invalid IAM Instance Profile|cannot be assumed by Lambda/;

/**
 * The cloud for a write that meets a part of it which is `ago` ms behind: what was made since is not there yet, as
 * after every creation on EC2 and longer on IAM ("Eventual consistency" in the EC2 API reference). Nothing else of the
 * past counts.
 */
export const behind = (cloud: CloudModel, ago: number): CloudModel => {
  const heardOf = (step: (state: CloudState) => unknown): void => {
    try {
      step(cloud.stateAt(ago));
    } catch (error) {
      if (!(error instanceof ApiError) || NOT_HEARD_OF.test(error.code) || PROFILE.test(error.message)) throw error;
    }
  };
  return {
    ...cloud,
    change(step) {
      heardOf(step);
      return cloud.change(step);
    },
    make(step) {
      heardOf(step);
      return cloud.make(step);
    },
  };
};
