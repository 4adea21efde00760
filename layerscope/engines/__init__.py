"""Container engines on this machine or another: where they listen, how to speak to them, what they say of an image.

Everything goes through the ``docker`` SDK, whose traps are dealt with here: endpoints are resolved as the docker CLI
does and not as the SDK does, the API version is capped, logins are none of an engine client's business, and a save may
take its time to the first byte. The SDK is imported when an engine is really spoken to, never before.
"""
