"""What a rule raises when it says no. Knows no HTTP beyond the status that fits; `config.http` makes the answer."""

from http import HTTPStatus


class Refusal(Exception):
    """`sentence` says what is wrong and the way out, for the person who asked.

    403 refused by right, 409 by state, 422 bad input, 429 over a limit; 401 asks to confirm one's identity first.
    """

    def __init__(self, sentence: object, status: int, code: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        self.status = HTTPStatus(status)
        self.code = code
        self.retry_after = retry_after
