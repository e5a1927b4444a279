"""The fault lab: agencies that misbehave on script over real sockets, callers that check every answer, and bars."""
