package eastest

// maxPassword is the longest password of a device that Exchange keeps. [MS-ASCMD] 2.2.3.128
const maxPassword = 255
